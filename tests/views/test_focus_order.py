"""Tab goes through a window as it is seen: from above to below, also to what was added later."""

from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QDialog, QWidget
from pytestqt.qtbot import QtBot

from tests.views.gallery import DIALOGS
from tests.views.properties.dialogs import DISK, OFF, settings
from vmdesk.views.main_window import MainWindow
from vmdesk.views.properties.dialog import PropertiesDialog

_MOST_STOPS = 40


def stops(qtbot: QtBot, window: QWidget, first: QWidget) -> list[QWidget]:
    """Press Tab from ``first`` on until it comes round."""
    first.setFocus()
    passed = [first]
    for _press in range(_MOST_STOPS):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        focus = window.focusWidget()
        if focus is first:
            return passed
        passed.append(focus)
    raise AssertionError(f"Tab does not come round: {passed}")


def heights(window: QWidget, widgets: list[QWidget]) -> list[int]:
    return [widget.mapTo(window, QPoint(0, widget.height() // 2)).y() for widget in widgets]


def is_downwards(window: QWidget, widgets: list[QWidget], slack: int = 12) -> bool:
    """Whether each stands beside or below the one before it."""
    tops = heights(window, widgets)
    return all(below >= above - slack for above, below in pairwise(tops))


def test_tab_follows_the_disks_of_a_machine_also_of_one_that_was_added(
    qtbot: QtBot, parent: QWidget
) -> None:
    dialog = PropertiesDialog(settings(), lambda: {"debian"}, parent)
    dialog.show_page(dialog.disks)
    qtbot.addWidget(dialog)
    dialog.open()
    qtbot.waitExposed(dialog)
    second = replace(DISK, target="vdb", source="/vms/data.qcow2")
    dialog.show_settings(settings(replace(OFF, disks=(DISK, second))), discard=False)
    cards = [dialog.disks.cards[target] for target in ("vda", "vdb")]
    qtbot.waitUntil(cards[1].isVisible)
    of_cards = [part for card in cards for part in (card.remove, card.size_field.spin)]
    assert stops(qtbot, dialog, dialog.list) == [
        dialog.list, *of_cards, dialog.disks.new_size.spin, dialog.disks.add_new,
        dialog.disks.add_existing, dialog.close_button,
    ]  # fmt: skip


def test_tab_goes_downwards_through_the_form_of_a_new_machine(
    qtbot: QtBot, parent: QWidget
) -> None:
    dialog: QDialog = DIALOGS["new-good"](parent)
    qtbot.addWidget(dialog)
    dialog.open()
    qtbot.waitExposed(dialog)
    first = dialog.form.source.edit  # type: ignore[attr-defined]
    passed = stops(qtbot, dialog, first)
    assert len(passed) > 6
    assert is_downwards(dialog, passed)


def test_the_buttons_of_a_machine_come_in_the_order_in_which_they_stand(
    qtbot: QtBot, window: MainWindow
) -> None:
    passed = stops(qtbot, window, window.toolbar.new_button)
    words = [part.text() for part in passed if isinstance(part, QAbstractButton)]
    plain = [word.replace("&", "") for word in words if word]
    assert plain == ["New", "Import", "Console", "Shut down", "Properties", "Delete…"]
