"""Sizes, speeds and times as a user reads them."""

from vmdesk.core.i18n import _, ngettext, pgettext

KIB = 1024
MIB = 1024**2
GIB = 1024**3

_UNITS = (_("bytes"), "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def size(number_of_bytes: float) -> str:
    """Format bytes with binary units: ``12.4 GiB``, ``4 GiB``, ``512 bytes``."""
    value = float(number_of_bytes)
    for unit in _UNITS:
        if value < 1023.95 or unit == _UNITS[-1]:
            break
        value /= 1024
    figure = f"{value:.0f}" if unit == _UNITS[0] or value >= 100 else f"{value:.1f}"
    figure = figure.removesuffix(".0").replace(".", pgettext("decimal separator", "."))
    return f"{figure} {unit}"


def share(part: float, total: float) -> str:
    """Format bytes out of others, with one unit if both have the same: ``1.9 of 4 GiB``."""
    shown, whole = size(part), size(total)
    if (unit := whole.rpartition(" ")[2]) == shown.rpartition(" ")[2]:
        shown = shown.removesuffix(f" {unit}")
    return _("{used} of {total}").format(used=shown, total=whole)


def speed(bytes_per_second: float) -> str:
    """Format a transfer rate: ``11.2 MiB/s``."""
    return f"{size(bytes_per_second)}/s"


def duration(seconds: float) -> str:
    """Format a length of time by its largest unit or two: ``40 s``, ``3 min``, ``2 h 14 min``."""
    whole = round(seconds)
    if whole < 60:
        return _("{seconds} s").format(seconds=whole)
    minutes = whole // 60
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    days, hours = divmod(hours, 24)
    return _("{days} d {hours} h").format(days=days, hours=hours)


def time_left(seconds: float) -> str:
    """Format an estimate of what remains: ``1 min left``."""
    return _("{duration} left").format(duration=duration(seconds))


def cpus(count: int) -> str:
    """Format a number of virtual CPUs: ``1 CPU``, ``2 CPUs``."""
    return ngettext("{count} CPU", "{count} CPUs", count).format(count=count)


def memory(kib: int) -> str:
    """Format an amount of memory that libvirt gives in KiB."""
    return size(kib * KIB)
