"""Pictures that outlive vmdesk: kept small, shown of what is off, and gone with the machine."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from tests.views.conftest import NODE, info
from vmdesk.controller import Controller
from vmdesk.core.folders import Folders
from vmdesk.core.formatting import KIB
from vmdesk.core.host import DomainInfo, DomainState
from vmdesk.last_pictures import LastPictures
from vmdesk.models.domain_list_model import DomainListModel
from vmdesk.pictures import SMALL
from vmdesk.tasks import TaskRunner

OFF = info("web")
RED, BLUE = QColor("red").rgb(), QColor("blue").rgb()


class Session(QObject):
    """vmdesk from its start to its end, with one connection."""

    def __init__(self, *domains: DomainInfo) -> None:
        super().__init__()
        self.runner = TaskRunner(1, self)
        self.domains = DomainListModel("test:///pictures", self)
        self.domains.set_all(domains)
        ask = lambda function: self.runner.start("Look", function)  # noqa: E731
        self.pictures = LastPictures(self.domains, ask, self)

    def color(self, uuid: str = OFF.uuid) -> int | None:
        row = self.domains.row(uuid)
        assert row is not None
        return row.picture.pixel(0, 0) if row.picture is not None else None

    def end(self) -> None:
        self.runner.shut_down()
        self.pictures.keep_all()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "vmdesk/screens"


def picture(rgb: int) -> QImage:
    image = QImage(1280, 800, QImage.Format.Format_RGB32)
    image.fill(rgb)
    return image


def running(domain: DomainInfo) -> DomainInfo:
    return replace(domain, id=1, state=DomainState.RUNNING)


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def has_one(domains: DomainListModel) -> bool:
    return domains.rowCount() == 1


def has_picture(domains: DomainListModel) -> bool:
    return domains.rows()[0].picture is not None


def is_off(domains: DomainListModel) -> bool:
    info = domains.rows()[0].info
    return info is not None and not info.state.is_active


def test_a_machine_that_is_off_shows_its_last_screen_after_a_restart(
    qtbot: QtBot, folder: Path
) -> None:
    first = Session(running(OFF))
    first.domains.set_picture(OFF.uuid, picture(RED))
    first.domains.set_picture(OFF.uuid, picture(BLUE))
    first.domains.update(OFF.uuid, OFF)
    first.end()
    (file,) = files(folder)
    assert file.stat().st_size < 64 * KIB
    assert file.stat().st_mode & 0o777 == 0o600
    second = Session(OFF)
    second.pictures.show([OFF.uuid])
    qtbot.waitUntil(lambda: second.color() == BLUE)
    row = second.domains.row(OFF.uuid)
    assert row is not None
    assert row.picture is not None
    assert row.picture.size() == SMALL
    second.end()


def test_what_runs_is_kept_when_vmdesk_ends(folder: Path) -> None:
    first = Session(running(OFF))
    for rgb in (RED, BLUE):
        first.domains.set_picture(OFF.uuid, picture(rgb))
    first.end()
    (file,) = files(folder)
    assert QImage(str(file)).pixel(0, 0) == BLUE


def test_a_picture_goes_with_its_machine(qtbot: QtBot, folder: Path) -> None:
    session = Session(running(OFF))
    session.domains.set_picture(OFF.uuid, picture(RED))
    qtbot.waitUntil(lambda: len(files(folder)) == 1)
    session.domains.update(OFF.uuid, None)
    qtbot.waitUntil(lambda: files(folder) == [])
    session.end()


def test_pictures_of_machines_that_went_meanwhile_are_swept(qtbot: QtBot, folder: Path) -> None:
    first = Session(running(OFF))
    first.domains.set_picture(OFF.uuid, picture(RED))
    first.end()
    second = Session(info("another"))
    second.pictures.sweep()
    qtbot.waitUntil(lambda: files(folder) == [])
    second.end()


def test_a_picture_that_cannot_be_kept_troubles_nobody(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("no folder")
    session = Session(running(OFF))
    session.domains.set_picture(OFF.uuid, picture(RED))
    session.end()
    assert session.color() == RED


def test_a_whole_vmdesk_keeps_and_shows_them(
    qtbot: QtBot, libvirt_events: None, folder: Path, tmp_path: Path
) -> None:
    node = tmp_path / "node.xml"
    # libvirt would give it another UUID each time.
    node.write_text(NODE.replace("</name>", f"</name><uuid>{OFF.uuid}</uuid>"))
    colors = []
    for is_first in (True, False):
        controller = Controller(Folders(tmp_path, tmp_path))
        site = controller.add(f"test://{node}")
        controller.reconnect()
        qtbot.waitUntil(partial(has_one, site.domains))
        uuid = site.domains.rows()[0].domain.uuid
        if is_first:
            site.domains.set_picture(uuid, picture(BLUE))
        site.host.connection.lookupByUUIDString(uuid).destroy()
        qtbot.waitUntil(partial(is_off, site.domains))
        controller.set_in_sight([site.domains.key(uuid)], None)
        qtbot.waitUntil(partial(has_picture, site.domains))
        shown = site.domains.rows()[0].picture
        assert shown is not None
        colors.append(shown.pixel(0, 0))
        controller.shut_down_vmdesk()
    assert colors == [BLUE, BLUE]
