"""The fields of an export: where to, in which form, and what needs a yes of its own."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from vmdesk.core import formatting
from vmdesk.core.bundle import layout as bundle
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.i18n import _, ngettext
from vmdesk.core.operations.export import ExportOptions, Place, Survey
from vmdesk.views.consent import Consent
from vmdesk.views.field import Field
from vmdesk.views.file_dialog import file_dialog
from vmdesk.views.form import Form
from vmdesk.views.labels import isolated, label
from vmdesk.views.radio_field import RadioField

_FORMS = {
    ArchiveForm.TAR: (isolated(".tar"), _("Quickest: copies the disks as they are")),
    ArchiveForm.TAR_GZ: (isolated(".tar.gz"), _("Compact, opens everywhere")),
    ArchiveForm.TAR_ZST: (isolated(".tar.zst"), _("Smallest file")),
}
_MOST_NAME_BYTES = 255
"""What file systems take, the ending included."""


class ExportForm(QWidget):
    """Folder, name, form and consents for one machine, or for several that name their files."""

    checked = Signal(object)
    """Whether all is right."""
    paths_changed = Signal()
    """Other files are meant; what is there has to be looked at."""

    def __init__(self, surveys: Sequence[Survey], folder: Path) -> None:
        super().__init__()
        self._surveys = tuple(surveys)
        self._places: dict[Path, Place] = {}
        self.is_right = False
        self.is_looking = True
        self.ending = QLabel()
        self.name_edit = QLineEdit(bundle.stem(surveys[0].name))
        self.name = Field(_("&Name"), self.name_edit, self.ending)
        self.name.explain(_("What the file is called, without its ending."))
        self.browse = QPushButton(_("&Browse…"))
        self.browse.setAutoDefault(False)
        self.browse.setAccessibleDescription(_("Choose a folder of this computer"))
        self.browse.clicked.connect(self._browse)
        self.folder_edit = QLineEdit(str(folder))
        self.folder = Field(_("F&older"), self.folder_edit, self.browse)
        self.forms = RadioField(_("Format"), _FORMS, ArchiveForm.TAR_GZ)
        self.tpm = Consent(
            _("Include the &TPM’s state"),
            _("It holds secrets, such as keys of encrypted disks: whoever has the file has them."),
        )
        self.saved_state = Consent(*_saved_state_words(surveys))
        self._lay_out()
        self._show_form()
        self._connect()

    def choose_form(self, form: ArchiveForm) -> None:
        """Begin with this form."""
        self.forms.choose(form)
        self._show_form()

    def targets(self) -> dict[str, Path]:
        """Return the file for each machine, by its UUID."""
        folder = Path(self.folder_edit.text())
        ending = f".{self.forms.value.value}"
        if len(self._surveys) == 1:
            stem = self.name_edit.text().removesuffix(ending)
            return {self._surveys[0].uuid: folder / f"{stem}{ending}"}
        stems: dict[str, Path] = {}
        for survey in self._surveys:
            stem, number = bundle.stem(survey.name), 1
            while (path := folder / f"{stem}{ending}") in stems.values():
                number += 1
                stem = f"{bundle.stem(survey.name)}-{number}"
            stems[survey.uuid] = path
        return stems

    def existing(self) -> list[Path]:
        """Return the files that would be written over."""
        places = (self._places.get(path) for path in self.targets().values())
        return [place.path for place in places if place is not None and place.exists]

    def options(self, overwrites: bool) -> ExportOptions:
        """Return what the fields hold."""
        return ExportOptions(
            form=self.forms.value,
            with_tpm=self.tpm.box.isChecked(),
            overwrites=overwrites,
            discards_saved_state=self.saved_state.box.isChecked(),
        )

    def show_place(self, place: Place) -> None:
        """Show what is where a file is to go."""
        self._places[place.path] = place
        self.check()

    def check(self) -> None:
        """Mark what is wrong, and tell whether all is right."""
        problem = self._name_problem()
        if problem:
            self.name.show_problem(problem)
        else:
            self.name.show_warning(_existing_words(len(self.existing())))
        places = [self._places.get(path) for path in self.targets().values()]
        known = [place for place in places if place is not None]
        self.is_looking = len(known) < len(places)
        self._show_room(known)
        needs_consent = any(survey.has_saved_state for survey in self._surveys)
        self.is_right = (
            not self.is_looking
            and not problem
            and not self.folder.problem
            and (self.saved_state.box.isChecked() or not needs_consent)
        )
        self.checked.emit(self.is_right)

    def _connect(self) -> None:
        for edit in (self.name_edit, self.folder_edit):
            edit.textChanged.connect(self._look_anew)
        self.forms.changed.connect(self._show_form)
        self.forms.changed.connect(self._look_anew)
        self.saved_state.box.toggled.connect(self.check)

    def _look_anew(self) -> None:
        self.check()
        self.paths_changed.emit()

    def _show_form(self) -> None:
        self.ending.setText(isolated(f".{self.forms.value.value}"))

    def _show_room(self, places: Sequence[Place]) -> None:
        if not self.folder_edit.text().startswith("/"):
            self.folder.show_problem(_("A folder is needed, from “/” on."))
            return
        if any(place.free_bytes is None for place in places):
            self.folder.show_problem(_("This folder isn’t there, or nothing can be put into it."))
            return
        needed = sum(survey.required_bytes for survey in self._surveys)
        if not places:
            self.folder.show_hint(_("Looking how much room there is…"))
            return
        free = min(place.free_bytes or 0 for place in places)
        text = _("Needs up to {needed}; {free} are free.").format(
            needed=formatting.size(needed), free=formatting.size(free)
        )
        if needed > free:
            self.folder.show_warning(f"{text} {_('The room may not be enough.')}")
        else:
            self.folder.show_hint(text)

    def _name_problem(self) -> str:
        name = self.name_edit.text()
        if len(self._surveys) > 1:
            return ""
        if not name.strip():
            return _("A name is needed.")
        if "/" in name or name.startswith("."):
            return _("A name can’t hold “/” or begin with a dot.")
        if any(len(path.name.encode()) > _MOST_NAME_BYTES for path in self.targets().values()):
            return _("This name is too long.")
        return ""

    def _browse(self) -> None:
        dialog = file_dialog(self, _("Choose a folder"), self.folder_edit.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.folder_edit.setText)
        dialog.open()

    def _lay_out(self) -> None:
        form = Form()
        self.setLayout(form)
        if len(self._surveys) == 1:
            form.add(self.name)
        form.add(self.folder)
        form.add_named(self.forms.name, self.forms)
        if any(survey.has_tpm for survey in self._surveys):
            form.add_wide(self.tpm)
        if any(survey.has_saved_state for survey in self._surveys):
            form.add_wide(self.saved_state)
        notes = dict.fromkeys(note for survey in self._surveys for note in survey.notes)
        if notes:
            form.add_wide(label("\n".join(notes), "secondary"))


def _existing_words(count: int) -> str:
    if not count:
        return ""
    return ngettext(
        "There is a file of this name already. You are asked before it is replaced.",
        "There are files of these names already. You are asked before they are replaced.",
        count,
    )


def _saved_state_words(surveys: Sequence[Survey]) -> tuple[str, str]:
    names = ", ".join(f"“{survey.name}”" for survey in surveys if survey.has_saved_state)
    meaning = _(
        "{names} was saved in the middle of its work, which can’t be exported. What is not saved "
        "inside is lost, as when the power fails. To keep it, start and shut down first."
    )
    return _("&Discard the saved state"), meaning.format(names=names)
