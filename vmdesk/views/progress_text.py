"""How far something is, in words for the place where it is shown."""

from vmdesk.core import formatting
from vmdesk.core.i18n import _
from vmdesk.core.job import Progress
from vmdesk.models.domain_list_model import Activity


def percent(fraction: float) -> str:
    """Return ``43 %``."""
    return _("{number} %").format(number=round(fraction * 100))


def row_label(activity: Activity) -> str:
    """Return ``43 % · 1 min left``: a row has no room for the speed too."""
    parts = [] if activity.fraction is None else [percent(activity.fraction)]
    if activity.pace:
        parts.append(activity.pace.rpartition(" · ")[2])
    return " · ".join(parts)


def pill_label(activity: Activity) -> str:
    """Return ``Downloading · 43 %``."""
    if activity.fraction is None:
        return activity.text
    return f"{activity.text} · {percent(activity.fraction)}"


def strip_label(activity: Activity, progress: Progress | None) -> str:
    """Return ``281 of 654 MiB · 43 % · 11.2 MiB/s · 1 min left``."""
    if activity.fraction is None or progress is None:
        return activity.pace
    parts = [formatting.share(progress.done, progress.total), percent(activity.fraction)]
    return " · ".join([*parts, activity.pace] if activity.pace else parts)
