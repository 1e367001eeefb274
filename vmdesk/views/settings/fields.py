"""The fields of the settings that are more than a number: a folder, a choice, a connection."""

from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar

from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QPushButton

from vmdesk.connection import ConnectionState, ConnectionStatus
from vmdesk.core import connections, formatting
from vmdesk.core.folder_state import FolderState
from vmdesk.core.i18n import _
from vmdesk.views.field import Field
from vmdesk.views.file_dialog import file_dialog

_DEBOUNCE = 250
"""Milliseconds without a key after which a folder is looked at."""

Value = TypeVar("Value")


class FolderField(Field):
    """A folder. A ``default`` that is one is shown like any other; words say what is done else."""

    wanted = Signal(object)
    """A path of which it has to be known whether files can be kept there."""
    chosen = Signal(object)
    """What the user has put in, once it is whole: an absolute path as text, or empty."""

    def __init__(self, name: str, value: str, default: str) -> None:
        self._default = default if default.startswith("/") else ""
        self.edit = QLineEdit(value or self._default)
        self.edit.setPlaceholderText(default)
        self.browse = QPushButton(_("Browse…"))
        self.browse.setAutoDefault(False)
        super().__init__(name, self.edit, self.browse)
        plain = name.replace("&", "")
        self.browse.setAccessibleName(_("Browse: {field}").format(field=plain))
        self.browse.setAccessibleDescription(_("Choose a folder of this computer"))
        self.browse.clicked.connect(self._browse)
        self._value = value
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DEBOUNCE)
        self._timer.timeout.connect(self._look)
        self.edit.textChanged.connect(self._check)
        self.edit.editingFinished.connect(self._choose)
        self._check()

    def show_state(self, state: FolderState) -> None:
        """Show what is known of a folder, if it is still the one in the field."""
        if str(state.path) != str(Path(self.edit.text())):
            return
        room = _("{room} free.").format(room=formatting.size(state.free_bytes))
        made = "" if state.exists else _("It is made when it is needed.")
        if state.problem:
            self.show_problem(state.problem)
        else:
            self.show_hint(f"{room} {made}".strip())

    def _check(self) -> None:
        text = self.edit.text()
        is_whole = not text or text.startswith("/")
        self.mark("" if is_whole else _("A folder is needed, from “/” on."))
        if text and is_whole:
            self._timer.start()
        else:
            self._timer.stop()

    def _look(self) -> None:
        self.wanted.emit(Path(self.edit.text()))

    def _choose(self) -> None:
        text = self.edit.text()
        if not text:
            self.edit.setText(self._default)
        wanted = "" if text == self._default else text
        if wanted != self._value and not self.problem:
            self._value = wanted
            self.chosen.emit(wanted)

    def _browse(self) -> None:
        start = self.edit.text() or self.edit.placeholderText()
        dialog = file_dialog(self, _("Choose a folder"), start)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._take)
        dialog.open()

    def _take(self, path: str) -> None:
        self.edit.setText(path)
        self._choose()


class ChoiceField(Field, Generic[Value]):
    """One of a few values, each with its words."""

    def __init__(self, name: str, words: Mapping[Value, str], value: Value) -> None:
        self.box = QComboBox()
        super().__init__(name, self.box)
        self._words = dict(words)
        self.box.addItems(list(words.values()))
        self.choose(value)

    @property
    def value(self) -> Value:
        """What is chosen."""
        return list(self._words)[self.box.currentIndex()]

    def choose(self, value: Value) -> None:
        """Choose a value; one that isn't offered is the first."""
        values = list(self._words)
        self.box.setCurrentIndex(values.index(value) if value in values else 0)

    def replace(self, value: Value, words: Mapping[Value, str]) -> None:
        """Offer several values in the place of one; what was chosen stays if it is among them."""
        chosen, before = self.value, self._words
        self._words = {}
        for known, text in before.items():
            self._words |= words if known == value else {known: text}
        with QSignalBlocker(self.box):
            self.box.clear()
            self.box.addItems(list(self._words.values()))
            self.choose(chosen)


class UriField(Field):
    """The address of a libvirt, or nothing for the default; says how the connection stands."""

    chosen = Signal(object)
    """What the user has put in, once it is whole: a URI, or empty."""

    def __init__(self, name: str, value: str, default: str) -> None:
        self.edit = QLineEdit(value)
        self.edit.setPlaceholderText(default)
        super().__init__(name, self.edit)
        self._value = value
        self.edit.textChanged.connect(lambda text: self.mark(uri_problem(text)))
        self.edit.editingFinished.connect(self._choose)

    def show_status(self, status: ConnectionStatus) -> None:
        """Show how the connection stands; what is wrong with the text comes first."""
        if self.problem:
            return
        match status.state:
            case ConnectionState.CONNECTED:
                self.show_hint(_("Connected."))
            case ConnectionState.CONNECTING:
                self.show_hint(_("Connecting…"))
            case ConnectionState.LOST:
                error = status.error
                self.show_warning(error.summary if error is not None else _("Not connected."))

    def set_busy(self, is_busy: bool) -> None:
        """Take no other address while work goes on at the one there is."""
        self.edit.setEnabled(not is_busy)
        if is_busy:
            self.show_warning(_("It can be changed when the work under way is done."))

    def _choose(self) -> None:
        text = self.edit.text()
        if text != self._value and not self.problem:
            self._value = text
            self.chosen.emit(text)


def uri_problem(text: str) -> str:
    """Return why a text is no address of a libvirt, or nothing."""
    if not text or connections.is_uri(text):
        return ""
    return _("An address is needed such as qemu:///system or qemu+ssh://me@host/system.")
