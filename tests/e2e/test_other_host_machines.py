"""Machines of another user behind ssh: made there, and copied there over a line that breaks."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PrivateLibvirt
from tests.core.operations import token_machine
from tests.e2e.person import Person
from tests.e2e.test_other_host import DELAY, use
from tests.guests import MEMTEST_ISO
from tests.ssh_host import SshHost
from vmdesk.controller import Controller
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.job import OperationError, Progress
from vmdesk.core.operations.create import NewDomain
from vmdesk.site import Site
from vmdesk.tasks import Task, TaskState
from vmdesk.transfers import TransferWish
from vmdesk.views.error_dialog import CLOSE, ErrorDialog

pytestmark = pytest.mark.hypervisor

LARGE = 48 * MIB
"""Bytes: more than a line has taken when the first of them are told of."""


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[SshHost]:
    with SshHost(DELAY) as host:
        use(host, monkeypatch)
        host.virsh("pool-define-as", "default", "dir", "--target", str(host.disks))
        yield host


@pytest.fixture
def far(person: Person, controller: Controller, host: SshHost) -> Site:
    site = controller.add(host.uri, "Far")
    site.reconnect()
    person.wait(lambda: site.is_connected and controller.home.is_connected, "both hosts")
    return site


def _define(person: Person, controller: Controller, folder: Path, size: int = 0) -> str:
    """Have a machine on this computer that is off; return its UUID."""
    raw = token_machine.make_raw(folder / "web.raw", "token")
    with raw.open("ab") as file:
        file.write(os.urandom(size))
    domain = token_machine.define(controller.home.host, "web", [(raw, "raw")])
    person.wait_for_state("web", "Off")
    uuid: str = domain.UUIDString()
    return uuid


def _kept(host: SshHost) -> set[str]:
    return set(host.run("ls", str(host.disks)).splitlines())


def test_a_machine_is_made_there_and_another_copied_there(
    person: Person, controller: Controller, host: SshHost, far: Site, tmp_path: Path
) -> None:
    far.create(NewDomain(str(MEMTEST_ISO), "made", GIB, 64 * 1024, 1))
    person.wait_for_state("made", "Running")
    assert _kept(host) == {"made.qcow2", MEMTEST_ISO.name}
    uuid = _define(person, controller, tmp_path)
    wish = TransferWish("copied")
    task = controller.home.transfers.copy(uuid, far.transfers, wish)
    person.wait_for_state("copied", "Off")
    assert task.state is TaskState.SUCCEEDED
    assert set(host.virsh("list", "--all", "--name").split()) == {"made", "copied"}
    far.start(next(row.domain.uuid for row in far.domains.rows() if row.domain.name == "copied"))
    person.wait_for_state("copied", "Running")


def test_a_line_that_breaks_during_a_copy_leaves_nothing_there(
    person: Person,
    controller: Controller,
    host: SshHost,
    far: Site,
    private_libvirt: PrivateLibvirt,
    tmp_path: Path,
) -> None:
    uuid = _define(person, controller, tmp_path, LARGE)
    task = controller.home.transfers.copy(uuid, far.transfers, TransferWish("copied"))
    _at_the_first_bytes(task, host)
    person.wait(lambda: task.state.is_final, "the end of the copy")
    assert isinstance(task.error, OperationError)
    assert "lost" in task.error.summary
    person.click(person.dialog(ErrorDialog).buttons[CLOSE])
    person.wait(lambda: far.is_connected and not _kept(host), "the way back, and the clearing up")
    assert host.virsh("list", "--all", "--name").split() == []
    assert private_libvirt.virsh("list", "--all", "--name").split() == ["web"]
    assert not person.row("copied").isValid()


def _at_the_first_bytes(task: Task, host: SshHost) -> None:
    def cut(progress: Progress) -> None:
        if progress.done:
            task.progressed.disconnect(cut)
            host.line.cut()

    task.progressed.connect(cut)
