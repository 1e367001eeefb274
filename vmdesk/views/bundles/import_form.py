"""What an import would make, to be looked at, named and agreed to."""

from collections.abc import Callable, Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from vmdesk.core import formatting
from vmdesk.core.bundle.content import Content
from vmdesk.core.bundle.untrusted_xml import Dropped
from vmdesk.core.i18n import _
from vmdesk.core.operations import create
from vmdesk.core.operations.incoming import Preview, PreviewDisk
from vmdesk.views.consent import Consent
from vmdesk.views.field import TextField
from vmdesk.views.form import Form
from vmdesk.views.labels import label
from vmdesk.views.machines.facts_table import Fact, FactsTable

_DISKS = 6
"""Disks that are named one by one; more are counted."""
_LIST_HEIGHT = 132
"""Pixels after which a list of what is left out is scrolled."""


class ImportForm(QWidget):
    """Name, facts, what is left out and changed, and two options; tells whether all is right."""

    checked = Signal(object)
    """Whether the machine can be made."""
    verify_wanted = Signal()
    """The user wants the whole file to be checked before."""

    def __init__(
        self, preview: Preview, was_read: bool, taken: Callable[[], Collection[str]]
    ) -> None:
        super().__init__()
        self.preview = preview
        self._taken = taken
        self.is_right = False
        self.name = TextField(_("&Name"))
        self.name.explain(_("What the machine is called in the list."))
        self.name.edit.setText(create.unique_name(preview.name, taken()))
        self.name.edit.setMinimumWidth(320)
        self.facts = FactsTable()
        facts = _facts(preview)
        if preview.content is Content.BUNDLE:
            facts.append(_checks(preview, was_read, self.verify_wanted.emit))
        self.facts.show_facts(facts)
        self._consent = Consent(_("Keep the same i&dentity"), _identity_words(preview))
        self.identity = self._consent.box
        self.identity_words = self._consent.words
        self.start = QCheckBox(_("&Start when ready"))
        self.start.setAccessibleDescription(_("Switch the machine on as soon as it is imported"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        named = Form()
        named.add(self.name)
        layout.addLayout(named)
        layout.addWidget(self.facts)
        if preview.required_bytes > preview.free_bytes:
            text = _("There may not be enough room; the import looks again before it starts.")
            layout.addWidget(label(text, "warning"))
        self._add_lists(layout)
        if preview.identity is not None:
            layout.addWidget(self._consent)
        layout.addWidget(self.start)
        self.name.edit.textChanged.connect(self.check)
        self.check()

    def check(self) -> None:
        """Mark what is wrong, and tell whether all is right."""
        name = self.name.edit.text()
        problem = create.name_problem(name) or ""
        if name in self._taken():
            problem = _("There is a machine of this name already.")
        if problem:
            self.name.show_problem(problem)
        else:
            self.name.show_hint("")
        self.is_right = not problem
        self.checked.emit(self.is_right)

    def _add_lists(self, layout: QVBoxLayout) -> None:
        for heading, entries in (
            (_("What is left out"), _left_out(self.preview.dropped)),
            (_("What is changed"), [(change, "") for change in self.preview.changed]),
        ):
            if entries:
                layout.addWidget(_section(heading, entries))


def _facts(preview: Preview) -> list[Fact]:
    parts = [formatting.cpus(preview.vcpus), formatting.memory(preview.memory_kib)]
    parts.append(_("UEFI firmware") if preview.is_uefi else _("BIOS firmware"))
    facts = [Fact(_("Hardware"), " · ".join(parts))]
    facts += [Fact(_("Disk"), _disk_words(disk)) for disk in preview.disks[:_DISKS]]
    if not preview.disks:
        facts.append(Fact(_("Disk"), _("None")))
    if len(preview.disks) > _DISKS:
        more = _("and {count} more").format(count=len(preview.disks) - _DISKS)
        facts.append(Fact("", more))
    room = _("Needs {needed}; {free} are free").format(
        needed=formatting.size(preview.required_bytes), free=formatting.size(preview.free_bytes)
    )
    return [*facts, Fact(_("Room"), room)]


def _checks(preview: Preview, was_read: bool, verify: Callable[[], object]) -> Fact:
    name = _("Check")
    if preview.is_verified:
        return Fact(name, _("The whole file was checked and is right"))
    if was_read:
        return Fact(name, _("The file has no checksums for its disks; all else is right"))
    words = _("The file is checked as it is imported")
    return Fact(name, words, _("Check now"), verify)


def _disk_words(disk: PreviewDisk) -> str:
    parts = [disk.target]
    if disk.virtual_size is not None:
        parts.append(formatting.size(disk.virtual_size))
    if disk.stored_size is not None:
        stored = formatting.size(disk.stored_size)
        parts.append(_("{size} of data").format(size=stored))
    if disk.virtual_size is None and disk.stored_size is None:
        parts.append(_("its size is behind the first disk in the file"))
    return " · ".join(parts)


def _identity_words(preview: Preview) -> str:
    if preview.identity:
        return _(
            "Its UUID and network addresses, as after a move. The original must not run any more."
        )
    return _(
        "A machine with this identity is here already: this one gets a new one, and keeps "
        "only network addresses that are free."
    )


def _left_out(dropped: Sequence[Dropped]) -> list[tuple[str, str]]:
    return [(item.what, item.why) for item in dropped]


def _section(heading: str, entries: Sequence[tuple[str, str]]) -> QWidget:
    section = QWidget()
    layout = QVBoxLayout(section)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    layout.addWidget(label(heading, "strong"))
    ground = QWidget()
    ground.setObjectName("ground")
    grid = QGridLayout(ground)
    grid.setContentsMargins(10, 6, 10, 6)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(6)
    grid.setColumnStretch(1, 1)
    for row, (what, why) in enumerate(entries):
        if why:
            grid.addWidget(label(what), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(why, "secondary"), row, 1, Qt.AlignmentFlag.AlignTop)
        else:
            grid.addWidget(label(what), row, 0, 1, 2)
    layout.addWidget(_card(ground, grid.sizeHint().height()))
    return section


def _card(content: QWidget, height: int) -> QWidget:
    """Return a card with ``content``, which is scrolled if it's high."""
    card = QFrame()
    card.setObjectName("card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(4, 4, 4, 4)
    if height <= _LIST_HEIGHT:
        layout.addWidget(content)
        return card
    area = QScrollArea()
    area.setObjectName("bar")
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFixedHeight(_LIST_HEIGHT)
    area.setAccessibleName(_("List"))
    area.setWidget(content)
    layout.addWidget(area)
    return card
