"""An earlier description comes back, and the present one is kept in its turn."""

from pathlib import Path

import pytest

from tests.core.operations import small_machine
from vmdesk.core import history
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import definition, modify, rename, revert
from vmdesk.core.operations.changes import Changes


def test_a_change_is_taken_back_and_that_can_be_taken_back_too(test_host: Host, uuid: str) -> None:
    test_host.domain(uuid).destroy()
    first = definition.read(test_host, uuid)
    modify.run(test_host, uuid, Changes(title="t", vcpus=4), Job())
    second = definition.read(test_host, uuid)

    reverted = revert.run(test_host, uuid, 1, Job())

    assert reverted.changes == ("Title: t → none", "CPUs: 4 → 2", "Present CPUs: 4 → 2")
    assert not reverted.from_next_start
    assert definition.read(test_host, uuid) == first
    assert [entry.number for entry in history.entries(uuid)] == [2, 1]
    revert.run(test_host, uuid, 2, Job())
    assert definition.read(test_host, uuid) == second


def test_a_running_machine_goes_back_at_its_next_start(test_host: Host, uuid: str) -> None:
    modify.run(test_host, uuid, Changes(vcpus=4), Job())
    assert revert.run(test_host, uuid, 1, Job()).from_next_start
    assert "<vcpu placement='static'>2</vcpu>" in definition.read(test_host, uuid)


def test_the_name_stays(test_host: Host, uuid: str) -> None:
    test_host.domain(uuid).destroy()
    modify.run(test_host, uuid, Changes(vcpus=4), Job())
    rename.run(test_host, uuid, "renamed", Job())
    revert.run(test_host, uuid, 1, Job())
    assert test_host.lookup("renamed").vcpus == 2


def test_files_that_were_renamed_keep_their_names(
    test_host: Host, uuid: str, tmp_path: Path
) -> None:
    test_host.domain(uuid).destroy()
    here = tmp_path / "new.img"
    here.touch()
    present = definition.read(test_host, uuid)
    uefi = "<loader readonly='yes' type='pflash'>/fw.fd</loader>"
    earlier = present.replace("<boot dev", f"{uefi}<boot dev").replace("/guest/disk", "/gone/disk")
    history.save(uuid, earlier)
    test_host.connection.defineXML(
        present.replace("<boot dev", f"{uefi}<nvram>/vars.fd</nvram><boot dev").replace(
            "/guest/disk.img", str(here)
        )
    )
    revert.run(test_host, uuid, 1, Job())
    reverted = small_machine.stored(test_host.domain(uuid))
    assert reverted.disks[0].path == here
    assert reverted.nvram == "/vars.fd"


def test_a_version_that_is_not_kept_is_an_error(test_host: Host, uuid: str) -> None:
    with pytest.raises(OperationError, match="Version 7") as caught:
        revert.run(test_host, uuid, 7, Job())
    assert caught.value.cause is Cause.INVALID_VALUE


def test_a_version_of_another_machine_is_refused(test_host: Host, uuid: str) -> None:
    before = definition.read(test_host, uuid)
    history.save(uuid, before.replace(uuid, uuid.replace("6", "7")))
    with pytest.raises(OperationError, match="another machine") as caught:
        revert.run(test_host, uuid, 1, Job())
    assert caught.value.cause is Cause.BAD_INPUT
    assert definition.read(test_host, uuid) == before


@pytest.mark.parametrize("mode", [0o700, 0o000])
def test_a_file_that_is_there_or_may_be_comes_back(
    test_host: Host, uuid: str, tmp_path: Path, mode: int
) -> None:
    test_host.domain(uuid).destroy()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "old.img").touch()
    present = definition.read(test_host, uuid)
    history.save(uuid, present.replace("/guest/disk.img", f"{folder}/old.img"))
    folder.chmod(mode)
    try:
        revert.run(test_host, uuid, 1, Job())
    finally:
        folder.chmod(0o700)
    (disk,) = small_machine.stored(test_host.domain(uuid)).disks
    assert disk.path == folder / "old.img"
