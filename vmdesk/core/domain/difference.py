"""Say how two descriptions of a machine differ: in words, and line by line."""

import difflib
import enum
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vmdesk.core import formatting
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.i18n import _

CONTEXT = 2
"""Unchanged lines shown around a changed one."""

_PASSWORD = re.compile(r"""\b(passwd=)(['"]).*?\2""")


class LineKind(enum.Enum):
    """What became of a line; the value is the sign that stands before it."""

    SAME = " "
    ADDED = "+"
    REMOVED = "-"
    GAP = "…"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the XML that differs, or one that shows where; a gap has no text."""

    kind: LineKind
    text: str


def lines(before: str, after: str) -> list[Line]:
    """Return the lines that differ with a little around them; equal texts give none.

    Passwords are hidden: the lines are there to be shown.
    """
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), n=CONTEXT, lineterm="")
    _headers = next(found, None), next(found, None)
    return [
        Line(LineKind.GAP, "")
        if line[0] == "@"
        else Line(LineKind(line[0]), _PASSWORD.sub(r"\1\2…\2", line[1:]))
        for line in found
    ]


def in_words(before: str, after: str) -> list[str]:
    """Return a sentence for each difference that a user knows by name.

    Where the list is empty and the texts differ, only ``lines`` can show how.
    """
    old, new = DomainXml.parse(before), DomainXml.parse(after)
    return [*_values(old, new), *_drives(old, new)]


_VALUES: list[tuple[str, Callable[[DomainXml], str]]] = [
    (_("Name"), lambda xml: xml.name),
    (_("Title"), lambda xml: xml.title),
    (_("Note"), lambda xml: xml.description),
    (_("Accelerator"), lambda xml: xml.type),
    (_("Memory"), lambda xml: formatting.memory(xml.memory_kib)),
    (_("Present memory"), lambda xml: formatting.memory(xml.current_memory_kib)),
    (_("CPUs"), lambda xml: str(xml.vcpus)),
    (_("Present CPUs"), lambda xml: str(xml.current_vcpus)),
    (_("Machine type"), lambda xml: xml.machine),
    (_("Firmware settings"), lambda xml: xml.nvram),
    (_("Network"), lambda xml: ", ".join(card.source or card.type for card in xml.interfaces)),
    (_("Display"), lambda xml: ", ".join(display.type for display in xml.graphics)),
]


def _values(old: DomainXml, new: DomainXml) -> Iterator[str]:
    for label, value in _VALUES:
        was, becomes = value(old), value(new)
        if was != becomes:
            yield _change(label, was, becomes)


def _drives(old: DomainXml, new: DomainXml) -> Iterator[str]:
    before = {disk.target: disk for disk in old.disks}
    after = {disk.target: disk for disk in new.disks}
    for target in sorted(before.keys() | after.keys()):
        label = _("Drive {target}").format(target=target)
        was, becomes = _source(before.get(target)), _source(after.get(target))
        if was != becomes:
            yield _change(label, was, becomes)


def _change(label: str, was: str, becomes: str) -> str:
    return _("{label}: {before} → {after}").format(
        label=label, before=was or _("none"), after=becomes or _("none")
    )


def _source(disk: DiskDevice | None) -> str:
    if disk is None:
        return ""
    if disk.is_empty:
        return _("empty")
    return str(disk.path) if disk.path else disk.network or "/".join(disk.volume or (disk.type,))
