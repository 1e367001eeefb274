"""Exports and imports as the window starts them: rows, results, and what a kill left behind."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.core.operations import token_machine
from tests.tasks import result
from vmdesk.bundles import Bundles, ImportWish, LeftOut
from vmdesk.connection import Connection
from vmdesk.core import paths
from vmdesk.core.bundle.content import Content
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.folders import Folders
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.operations.export import ExportOptions, ExportResult, Place, Survey
from vmdesk.core.operations.incoming import ImportResult, Preview
from vmdesk.models.domain_list_model import DomainListModel
from vmdesk.models.task_list_model import TaskListModel
from vmdesk.tasks import TaskRunner, TaskState
from vmdesk.work import Work

pytestmark = pytest.mark.hypervisor


class Desk(QObject):
    """The parts that the controller would join, and one machine that is off."""

    def __init__(self, host: Host, folder: Path) -> None:
        super().__init__()
        disk = token_machine.make_qcow2(folder / "web.qcow2", "token")
        self.uuid = token_machine.define(host, "web", [(disk, "qcow2")]).UUIDString()
        self.host = host
        self.folder = folder
        self.domains = DomainListModel(parent=self)
        self.domains.set_all(host.domains())
        folders = Folders(folder / "isos", folder / "disks")
        self.work = Work(host, folders, self.domains, TaskListModel(self), self)
        self.queries = TaskRunner(1, self)
        connection = Connection(host, self.queries, self.domains, self)
        self.work.ended.connect(connection.refresh)  # as a site does
        self.bundles = Bundles(self.work, connection, self)


@pytest.fixture
def desk(qtbot: QtBot, private_host: Host, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(private_host, tmp_path)
    yield desk
    desk.work.shut_down()
    desk.queries.shut_down()


def exported(qtbot: QtBot, desk: Desk) -> Path:
    options = ExportOptions(ArchiveForm.TAR_ZST)
    done = result(qtbot, desk.bundles.export(desk.uuid, desk.folder / "web.tar.zst", options))
    assert isinstance(done, ExportResult)
    return done.path


def previewed(qtbot: QtBot, desk: Desk, path: Path) -> Preview:
    preview = result(qtbot, desk.bundles.preview(path))
    assert isinstance(preview, Preview)
    return preview


def test_what_an_export_needs_is_known_before(qtbot: QtBot, desk: Desk) -> None:
    survey = result(qtbot, desk.bundles.survey(desk.uuid))
    assert isinstance(survey, Survey)
    assert (survey.name, survey.has_tpm, survey.has_saved_state) == ("web", False, False)
    assert MIB < survey.required_bytes < 3 * MIB
    place = result(qtbot, desk.bundles.place(desk.folder / "web.qcow2"))
    assert isinstance(place, Place)
    assert place.exists
    assert place.free_bytes
    nowhere = result(qtbot, desk.bundles.place(desk.folder / "none" / "web.tar"))
    assert nowhere == Place(desk.folder / "none" / "web.tar", False, None)


def test_a_saved_state_goes_with_a_yes_and_only_when_the_file_is_written(
    qtbot: QtBot, desk: Desk
) -> None:
    domain = desk.host.domain(desk.uuid)
    domain.create()
    domain.managedSave()
    desk.domains.set_all(desk.host.domains())
    survey = result(qtbot, desk.bundles.survey(desk.uuid))
    assert isinstance(survey, Survey)
    assert survey.has_saved_state
    options = ExportOptions(ArchiveForm.TAR, discards_saved_state=True)
    refused = desk.bundles.export(desk.uuid, desk.folder / "web.qcow2", options)
    with qtbot.waitSignal(refused.failed):
        pass
    assert domain.hasManagedSaveImage()
    result(qtbot, desk.bundles.export(desk.uuid, desk.folder / "web.tar", options))
    assert not domain.hasManagedSaveImage()

    def is_shown_as_saved() -> bool:
        row = desk.domains.row(desk.uuid)
        return row is not None and row.info is not None and row.info.has_managed_save

    qtbot.waitUntil(lambda: not is_shown_as_saved())


def test_an_imported_machine_has_its_row_from_the_beginning(qtbot: QtBot, desk: Desk) -> None:
    preview = previewed(qtbot, desk, exported(qtbot, desk))
    assert (preview.name, preview.identity) == ("web-2", "")
    task = desk.bundles.import_(ImportWish(preview, "copy", same_identity=True))
    row = desk.domains.row(task.key)
    assert row is not None
    assert (row.domain.name, row.info) == ("copy", None)
    made = result(qtbot, task)
    assert isinstance(made, ImportResult)
    assert made.uuid == task.key != desk.uuid
    qtbot.waitUntil(lambda: (row := desk.domains.row(made.uuid)) is not None and bool(row.info))
    assert desk.domains.rowCount() == 2


def test_the_same_identity_is_kept_where_it_is_free(qtbot: QtBot, desk: Desk) -> None:
    path = exported(qtbot, desk)
    qtbot.waitUntil(lambda: not desk.queries.tasks)
    token_machine.delete(desk.host, desk.uuid)
    desk.domains.set_all([])
    preview = previewed(qtbot, desk, path)
    assert preview.identity == desk.uuid
    first = desk.bundles.import_(ImportWish(preview, "web", same_identity=True))
    second = desk.bundles.import_(ImportWish(preview, "web-2", same_identity=True))
    assert first.key == desk.uuid != second.key
    for task in (first, second):
        made = result(qtbot, task) if not task.state.is_final else task.result
        assert isinstance(made, ImportResult)
        assert made.uuid == task.key


def test_a_cancelled_import_takes_its_row_along(qtbot: QtBot, desk: Desk) -> None:
    preview = previewed(qtbot, desk, exported(qtbot, desk))
    task = desk.bundles.import_(ImportWish(preview, "copy"))
    task.cancel()
    with qtbot.waitSignal(task.finished):
        pass
    assert task.state is TaskState.CANCELLED
    assert desk.domains.row(task.key) is None
    assert list((desk.folder / "disks").glob("*")) == []


def test_a_machine_that_is_to_be_started_is_started_by_a_task_of_its_own(
    qtbot: QtBot, desk: Desk
) -> None:
    preview = previewed(qtbot, desk, exported(qtbot, desk))
    made = result(qtbot, desk.bundles.import_(ImportWish(preview, "copy", start=True)))
    assert isinstance(made, ImportResult)
    assert [entry.task.title for entry in desk.work.tasks.running()] == ["Start copy"]
    qtbot.waitUntil(lambda: not desk.work.tasks.running(), timeout=60_000)
    assert desk.host.domain(made.uuid).isActive()


def test_what_only_the_whole_file_tells_to_be_missing_is_told_afterwards(
    qtbot: QtBot, desk: Desk
) -> None:
    disks = [(desk.folder / "web.qcow2", "qcow2")]
    disks.append((token_machine.make_qcow2(desk.folder / "data.qcow2", "data"), "qcow2"))
    uuid = token_machine.define(desk.host, "two", disks).UUIDString()
    whole = desk.folder / "two.tar.gz"
    result(qtbot, desk.bundles.export(uuid, whole, ExportOptions(ArchiveForm.TAR_GZ)))
    part = desk.folder / "part.tar.gz"
    with tarfile.open(whole) as source, tarfile.open(part, "w:gz") as target:
        for member in source.getmembers():
            if member.name in ("two.xml", "two.qcow2"):
                target.addfile(member, source.extractfile(member))
    preview = previewed(qtbot, desk, part)
    assert preview.dropped == ()
    with qtbot.waitSignal(desk.bundles.left_out, timeout=60_000) as told:
        desk.bundles.import_(ImportWish(preview, "copy"))
    assert told.args is not None
    left_out = told.args[0]
    assert isinstance(left_out, LeftOut)
    assert [(left_out.name, item.what) for item in left_out.dropped] == [("copy", "disk vdb")]


def test_a_file_is_known_by_its_content(qtbot: QtBot, desk: Desk) -> None:
    disguised = exported(qtbot, desk).rename(desk.folder / "holiday.jpg")
    assert result(qtbot, desk.bundles.identify(disguised)) is Content.BUNDLE
    assert previewed(qtbot, desk, disguised).content is Content.BUNDLE
    verified = result(qtbot, desk.bundles.verify(disguised))
    assert isinstance(verified, Preview)
    assert verified.is_verified


def test_what_a_kill_left_is_cleared_away_and_told_once(qtbot: QtBot, desk: Desk) -> None:
    journals = paths.state_dir() / "staging"
    journals.mkdir(parents=True, exist_ok=True)
    stage = desk.folder / ".vmdesk-0123456789abcdef"
    stage.mkdir()
    (stage / "0").write_bytes(b"x" * MIB)
    journal = journals / "0123456789abcdef.journal"
    journal.write_text(f'{{"text": "Import of web.tar", "folder": "{stage}", "started": 1}}\n')
    with qtbot.waitSignal(desk.bundles.cleared_up) as told:
        desk.bundles.clear_up()
    assert told.args is not None
    ((leftover,),) = told.args
    assert (leftover.text, leftover.size) == ("Import of web.tar", MIB)
    assert not stage.exists()
    assert not journal.exists()
    with qtbot.assertNotEmitted(desk.bundles.cleared_up, wait=200):
        desk.bundles.clear_up()
