"""A failure whose cause is known shows the command that mends it."""

import errno
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from vmdesk.core import causes
from vmdesk.core.causes.row import Signs
from vmdesk.core.job import OperationError
from vmdesk.views.error_dialog import ErrorDialog
from vmdesk.work import in_words


def test_the_command_can_be_copied(parent: QWidget) -> None:
    signs = Signs("network 'lab' is not active", 55, domain=19)
    known = causes.recognize(signs)
    assert known is not None
    dialog = ErrorDialog(parent, "Start web", known.error(signs.message))
    (line,) = dialog.commands
    line.copy.click()
    assert QGuiApplication.clipboard().text() == "virsh --connect qemu:///system net-start lab"


def test_a_failure_that_nobody_knows_has_no_command(parent: QWidget) -> None:
    assert ErrorDialog(parent, "Start web", OperationError("No.")).commands == []


def test_a_full_disk_is_no_mistake_of_vmdesk() -> None:
    with pytest.raises(OSError, match="No space") as caught, Path("/dev/full").open("w") as full:
        full.write("x")
    told = in_words(caught.value)
    assert caught.value.errno == errno.ENOSPC
    assert told.summary == "There is no room left on the disk."
    assert "[Errno 28]" in told.details
