"""vmdesk on the desktop: the tray's menu, and what closing the window does."""

import subprocess
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from tests.views.test_main_window import dialogs, state_of, uuid_of
from vmdesk.controller import Controller
from vmdesk.core.host import DomainState
from vmdesk.core.job import Job
from vmdesk.settings import Closing, Settings
from vmdesk.views.main_window import MainWindow
from vmdesk.views.message_dialog import MessageDialog


@pytest.fixture
def tray_menu(window: MainWindow) -> QMenu:
    return window.flows.presence.tray.menu


@pytest.fixture
def with_tray(
    window: MainWindow, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A desktop that has a tray, which the virtual screen has not."""
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    settings.has_tray = True
    window.flows.presence.apply()
    yield
    window.flows.presence.tray.set_shown(False)


@pytest.fixture
def work(qtbot: QtBot, controller: Controller) -> Iterator[threading.Event]:
    """Something that runs until the event is set."""
    done = threading.Event()

    def wait(_job: Job) -> None:
        done.wait(30)

    task = controller.home.operations.start("Export test", wait)
    yield done
    done.set()
    qtbot.waitUntil(lambda: task.state.is_final)


def entries(menu: QMenu) -> dict[str, QAction]:
    actions = [action for action in menu.actions() if not action.isSeparator()]
    return {action.text().replace("&", ""): action for action in actions}


def submenu(menu: QMenu, text: str) -> dict[str, QAction]:
    inner = [child for child in menu.findChildren(QMenu) if child.title().replace("&", "") == text]
    return entries(inner[-1])


def test_the_tray_lists_what_runs_and_starts_the_rest(
    qtbot: QtBot, window: MainWindow, controller: Controller, tray_menu: QMenu
) -> None:
    tray_menu.aboutToShow.emit()
    assert list(entries(tray_menu)) == ["test", "Start", "Show vmdesk", "Quit"]
    assert not entries(tray_menu)["Start"].isEnabled()
    assert list(submenu(tray_menu, "test")) == ["Console", "Shut down"]
    submenu(tray_menu, "test")["Shut down"].trigger()
    qtbot.waitUntil(lambda: state_of(controller) is DomainState.SHUTOFF)
    tray_menu.aboutToShow.emit()
    assert not entries(tray_menu)["No machine runs"].isEnabled()
    submenu(tray_menu, "Start")["test"].trigger()
    qtbot.waitUntil(lambda: state_of(controller) is DomainState.RUNNING)


def test_a_machine_that_is_worked_on_cannot_be_shut_down_from_the_tray(
    controller: Controller, tray_menu: QMenu, qtbot: QtBot
) -> None:
    task = controller.home.pause(uuid_of(controller))
    qtbot.waitUntil(lambda: task.state.is_final)
    qtbot.waitUntil(lambda: state_of(controller) is DomainState.PAUSED)
    tray_menu.aboutToShow.emit()
    assert not submenu(tray_menu, "test")["Shut down"].isEnabled()
    assert submenu(tray_menu, "test")["Resume"].isEnabled()


def test_the_icon_is_there_only_if_it_is_wanted(
    window: MainWindow, settings: Settings, with_tray: None
) -> None:
    assert window.flows.presence.tray.is_shown
    settings.has_tray = False
    window.flows.preferences.applied.emit()
    assert not window.flows.presence.tray.is_shown


def test_closing_goes_on_in_the_tray_and_the_tray_brings_it_back(
    window: MainWindow, settings: Settings, tray_menu: QMenu, with_tray: None
) -> None:
    settings.closing = Closing.TRAY
    window.close()
    assert not window.isVisible()
    entries(tray_menu)["Show vmdesk"].trigger()
    assert window.isVisible()


def test_quitting_ends_also_what_closing_would_leave_in_the_tray(
    qtbot: QtBot, window: MainWindow, settings: Settings, with_tray: None
) -> None:
    settings.closing = Closing.TRAY
    window.close()
    window.flows.presence.quit()
    assert not window.isVisible()
    window.show()
    window.actions_of_window.quit.trigger()
    assert not window.isVisible()


def test_without_a_tray_nothing_is_left_running_unseen(
    window: MainWindow, settings: Settings, work: threading.Event
) -> None:
    settings.closing = Closing.TRAY
    window.close()
    assert window.isVisible()
    assert len(dialogs(window, MessageDialog)) == 1


def test_closing_can_finish_the_work_without_a_question(
    qtbot: QtBot, window: MainWindow, settings: Settings, work: threading.Event
) -> None:
    settings.closing = Closing.FINISH
    window.close()
    assert not window.isVisible()
    assert dialogs(window, MessageDialog) == []
    work.set()
    qtbot.waitUntil(lambda: window.flows.presence.may_close())


@pytest.fixture
def tray_host(qtbot: QtBot) -> Iterator[None]:
    """A panel of another program that takes icons of the tray."""
    if QGuiApplication.platformName() != "xcb":
        pytest.skip("there is no X here")
    panel = subprocess.Popen(
        ["trayer", "--edge", "bottom", "--widthtype", "request"], stderr=subprocess.DEVNULL
    )
    qtbot.waitUntil(QSystemTrayIcon.isSystemTrayAvailable)
    yield
    panel.terminate()
    panel.wait()
    qtbot.waitUntil(lambda: not QSystemTrayIcon.isSystemTrayAvailable())


def test_a_click_on_the_icon_in_a_real_tray_brings_the_window_back(
    qtbot: QtBot, tray_host: None, window: MainWindow, settings: Settings
) -> None:
    settings.has_tray, settings.closing = True, Closing.TRAY
    window.flows.presence.apply()
    icon = window.flows.presence.tray.findChild(QSystemTrayIcon)
    assert icon is not None
    screen = QGuiApplication.primaryScreen().geometry()
    # The panel takes it to the bottom of the screen.
    qtbot.waitUntil(lambda: icon.geometry().top() > screen.bottom() - 40)
    window.close()
    assert not window.isVisible()
    place = icon.geometry().center()
    at = (str(place.x()), str(place.y()))
    subprocess.run(["xdotool", "mousemove", "--sync", *at, "click", "1"], check=True)
    qtbot.waitUntil(window.isVisible)
    window.flows.presence.tray.set_shown(False)
