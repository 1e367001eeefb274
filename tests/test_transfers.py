"""Machines that go to another connection as the window starts it: rows, results, and what fails."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.core.operations import token_machine
from tests.other_libvirt import OtherLibvirt
from tests.tasks import failure, result
from vmdesk.connection import Connection
from vmdesk.core.folders import Folders
from vmdesk.core.host import DomainState, Host
from vmdesk.core.job import Cause
from vmdesk.core.operations.migrate import MigrationOptions, MigrationResult
from vmdesk.core.operations.migration_survey import MigrationSurvey
from vmdesk.core.operations.transfer import TransferResult
from vmdesk.core.operations.transfer_plan import TransferPlan
from vmdesk.models.domain_list_model import DomainListModel, DomainRow
from vmdesk.models.task_list_model import TaskListModel
from vmdesk.tasks import TaskRunner, TaskState
from vmdesk.transfers import Transfers, TransferWish
from vmdesk.work import Work

pytestmark = pytest.mark.hypervisor

TO_POOL = TransferWish(pool="default")


class Place(QObject):
    """The parts that a site would join, on one libvirt."""

    def __init__(self, host: Host, folder: Path) -> None:
        super().__init__()
        self.host = host
        self.domains = DomainListModel(host.uri, self)
        self.domains.set_all(host.domains())
        folders = Folders(folder, folder)
        self.work = Work(host, folders, self.domains, TaskListModel(self), self)
        self.queries = TaskRunner(1, self)
        connection = Connection(host, self.queries, self.domains, self)
        self.work.ended.connect(connection.refresh)
        self.transfers = Transfers(self.work, connection, self)

    def close(self) -> None:
        self.work.shut_down()
        self.queries.shut_down()

    def row(self, uuid: str) -> DomainRow:
        row = self.domains.row(uuid)
        assert row is not None
        return row


@pytest.fixture
def hosts(other_libvirts: tuple[OtherLibvirt, OtherLibvirt]) -> Iterator[tuple[Host, Host]]:
    other_libvirts[1].make_pool()
    with closing(other_libvirts[0].open()) as one, closing(other_libvirts[1].open()) as other:
        yield one, other


@pytest.fixture
def uuid(hosts: tuple[Host, Host], tmp_path: Path) -> str:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
    found: str = token_machine.define(hosts[0], "web", [(disk, "qcow2")]).UUIDString()
    return found


@pytest.fixture
def here(qtbot: QtBot, hosts: tuple[Host, Host], uuid: str, tmp_path: Path) -> Iterator[Place]:
    with closing(Place(hosts[0], tmp_path / "disks")) as place:
        yield place


@pytest.fixture
def there(qtbot: QtBot, hosts: tuple[Host, Host], tmp_path: Path) -> Iterator[Place]:
    with closing(Place(hosts[1], tmp_path / "disks")) as place:
        yield place


def test_what_a_machine_would_be_there_is_known_before(
    qtbot: QtBot, here: Place, there: Place, uuid: str
) -> None:
    plan = result(qtbot, here.transfers.survey(uuid, there.transfers))
    assert isinstance(plan, TransferPlan)
    assert (plan.name, plan.losses) == ("web", ())


def test_a_copy_has_its_row_there_from_the_beginning(
    qtbot: QtBot, here: Place, there: Place, uuid: str
) -> None:
    task = here.transfers.copy(uuid, there.transfers, TransferWish("twin", "default"))
    (expected,) = there.domains.rows()
    assert (expected.domain.name, expected.info) == ("twin", None)
    assert task.title == "Copy web"
    done = result(qtbot, task)
    assert isinstance(done, TransferResult)
    assert done.uuid == expected.domain.uuid != uuid
    qtbot.waitUntil(lambda: there.row(done.uuid).info is not None)
    assert here.row(uuid).activity is None


def test_a_move_takes_the_machine_with_its_identity(
    qtbot: QtBot, here: Place, there: Place, uuid: str
) -> None:
    result(qtbot, here.transfers.move(uuid, there.transfers, TO_POOL))
    qtbot.waitUntil(lambda: here.domains.row(uuid) is None)
    qtbot.waitUntil(lambda: there.row(uuid).info is not None)


def test_a_transfer_that_fails_or_is_cancelled_leaves_no_row_there(
    qtbot: QtBot, here: Place, there: Place, uuid: str
) -> None:
    task = here.transfers.copy(uuid, there.transfers, TransferWish(pool="nowhere"))
    assert "nowhere" in str(failure(qtbot, task))
    assert there.domains.rows() == []
    task = here.transfers.copy(uuid, there.transfers, TO_POOL)
    task.cancel()
    with qtbot.waitSignal(task.finished):
        pass
    assert task.state is TaskState.CANCELLED
    assert there.domains.rows() == []


def test_a_machine_that_is_there_already_keeps_its_row(
    qtbot: QtBot, here: Place, there: Place, uuid: str
) -> None:
    result(qtbot, here.transfers.move(uuid, there.transfers, TO_POOL))
    qtbot.waitUntil(lambda: there.row(uuid).info is not None)
    task = there.transfers.move(uuid, there.transfers, TO_POOL)
    assert failure(qtbot, task).cause is Cause.WRONG_STATE
    assert there.row(uuid).info is not None


def test_a_running_machine_goes_on_there(
    qtbot: QtBot,
    here: Place,
    there: Place,
    uuid: str,
    other_libvirts: tuple[OtherLibvirt, OtherLibvirt],
) -> None:
    here.host.domain(uuid).create()
    # Both computers are this one: a socket of the file system joins them.
    options = MigrationOptions(via=f"unix://{other_libvirts[1].root}/data.sock")
    found = result(qtbot, here.transfers.survey_live(uuid, there.transfers, options))
    assert isinstance(found, MigrationSurvey)
    assert found.obstacles == ()
    done = result(qtbot, here.transfers.migrate(uuid, there.transfers, options))
    assert isinstance(done, MigrationResult)
    qtbot.waitUntil(lambda: here.domains.row(uuid) is None)

    def runs_there() -> bool:
        info = there.row(uuid).info
        return info is not None and info.state is DomainState.RUNNING

    qtbot.waitUntil(runs_there)
