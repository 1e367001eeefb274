"""The site's part for changing machines: each change is a task in the machine's row."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.tasks import result
from vmdesk.core.folders import Folders
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, OperationError
from vmdesk.core.kept_discs import Iso
from vmdesk.core.last_use import LastUse
from vmdesk.core.operations.changes import Changes
from vmdesk.core.operations.edit import Edit
from vmdesk.hardware import Settings
from vmdesk.models.task_list_model import TaskListModel
from vmdesk.site import Site
from vmdesk.work import Failure

NODE = """
<node>
  <domain type='test'>
    <name>test</name>
    <memory>4194304</memory>
    <vcpu>2</vcpu>
    <os><type>hvm</type></os>
  </domain>
</node>
"""


@pytest.fixture
def site(qtbot: QtBot, libvirt_events: None, tmp_path: Path) -> Iterator[Site]:
    """Connected to libvirt's test driver with one machine, which is off."""
    # Every connection to “test:///default” sees the same machines, those of a file are its own.
    node = tmp_path / "node.xml"
    node.write_text(NODE)
    last_use = LastUse(tmp_path / "last-use.json")
    folders = Folders(tmp_path / "isos", tmp_path / "disks")
    made = Site(Host(f"test://{node}"), folders, TaskListModel(), last_use)
    made.reconnect()
    qtbot.waitUntil(lambda: made.is_connected)
    made.host.connection.lookupByName("test").destroy()
    yield made
    made.close()


@pytest.fixture
def uuid(site: Site) -> str:
    return str(site.host.connection.lookupByName("test").UUIDString())


def settings(qtbot: QtBot, site: Site, uuid: str) -> Settings:
    found = result(qtbot, site.hardware.settings(uuid))
    assert isinstance(found, Settings)
    return found


def test_looking_shows_in_no_list(qtbot: QtBot, site: Site, uuid: str) -> None:
    assert settings(qtbot, site, uuid).properties.name == "test"
    assert site._work.tasks.rowCount() == 0


def test_an_edit_is_named_after_its_machine_and_keeps_the_version_before(
    qtbot: QtBot, site: Site, uuid: str
) -> None:
    task = site.hardware.edit(uuid, Edit(Changes(vcpus=5)))
    assert (task.title, task.key) == ("Change test", uuid)
    result(qtbot, task)
    version = settings(qtbot, site, uuid).versions[0]
    assert "CPUs: 2 → 5" in version.changed_then
    assert "CPUs: 5 → 2" in version.changes


def test_going_back_is_itself_a_version(qtbot: QtBot, site: Site, uuid: str) -> None:
    result(qtbot, site.hardware.edit(uuid, Edit(Changes(title="First"))))
    result(qtbot, site.hardware.edit(uuid, Edit(Changes(title="Second"))))
    newest = settings(qtbot, site, uuid).versions[0].number
    result(qtbot, site.hardware.revert(uuid, newest))
    found = settings(qtbot, site, uuid)
    assert found.properties.title == "First"
    assert found.versions[0].changed_then == ("Title: Second → First",)


def test_discs_and_drives(qtbot: QtBot, site: Site, uuid: str, tmp_path: Path) -> None:
    hardware = site.hardware
    disc = tmp_path / "live.iso"
    with disc.open("wb") as file:
        file.seek(0x8001)
        file.write(b"CD001")
        file.truncate(64 * 1024)
    result(qtbot, hardware.add_drive(uuid))
    result(qtbot, hardware.insert(uuid, str(disc)))
    drive = settings(qtbot, site, uuid).properties.disks[-1]
    assert drive.path == disc
    result(qtbot, hardware.eject(uuid, drive.target))
    assert settings(qtbot, site, uuid).properties.disks[-1].path is None


def test_disks(qtbot: QtBot, site: Site, uuid: str) -> None:
    hardware = site.hardware
    result(qtbot, hardware.add_new_disk(uuid, 2**30))
    disk = settings(qtbot, site, uuid).properties.disks[-1]
    assert disk.path == site.folders.disks / "test-disk2.qcow2"
    result(qtbot, hardware.remove_disk(uuid, disk.target, delete_file=False))
    assert disk.path is not None
    assert disk.path.exists()
    result(qtbot, hardware.add_existing_disk(uuid, disk.path))
    result(qtbot, hardware.remove_disk(uuid, disk.target, delete_file=True))
    assert not disk.path.exists()


def test_kept_discs_are_listed(qtbot: QtBot, site: Site) -> None:
    found = result(qtbot, site.hardware.discs())
    assert isinstance(found, list)
    assert all(isinstance(disc, Iso) for disc in found)


def test_a_refusal_is_a_failure_that_can_be_tried_again(
    qtbot: QtBot, site: Site, uuid: str
) -> None:
    with qtbot.waitSignal(site.failed) as caught:
        site.hardware.eject(uuid)
    failure = caught.args[0]
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, OperationError)
    assert failure.error.cause is Cause.WRONG_STATE
    assert failure.title == "Eject the disc of test"
    result(qtbot, site.hardware.add_drive(uuid))
    with qtbot.waitSignal(site.operations.started) as started:
        failure.retry()
    result(qtbot, started.args[0])
