"""Where a new machine is to be: asked only where there is more than one connection."""

from collections.abc import Callable, Sequence

from vmdesk.core.i18n import _
from vmdesk.site import Site
from vmdesk.views.settings.fields import ChoiceField


class PlaceField(ChoiceField[Site]):
    """One of several connections, by name; the first is chosen."""

    def __init__(self, sites: Sequence[Site]) -> None:
        super().__init__(_("&Where"), {site: site.name for site in sites}, sites[0])
        self.explain(_("The connection that the machine is to be on."))

    def follow(self, change: Callable[[], object]) -> None:
        """Call ``change`` when the user has chosen another one."""
        self.box.currentIndexChanged.connect(lambda _index: change())


def place_for(sites: Sequence[Site]) -> tuple[PlaceField | None, Callable[[], Site]]:
    """Return the field, if there is something to choose, and what tells the place."""
    if len(sites) < 2:
        return None, lambda: sites[0]
    field = PlaceField(sites)
    return field, lambda: field.value
