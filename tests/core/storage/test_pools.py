"""Pools are listed, chosen and started; a test driver and a real libvirt both have some."""

from pathlib import Path

import pytest

from tests.conftest import PrivateLibvirt
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.storage import pools
from vmdesk.core.storage.pools import OutOfReach, PoolInfo, PoolState


def test_the_pools_of_a_host_are_told_with_their_room(default_host: Host) -> None:
    (pool,) = pools.every(default_host, Job())
    assert (pool.name, pool.type, pool.state) == ("default-pool", "dir", PoolState.RUNNING)
    assert pool.path == Path("/default-pool")
    assert pool.capacity >= pool.free > 0


def test_users_of_their_own_session_need_no_pool(private_host: Host) -> None:
    assert not pools.are_needed(private_host)
    assert pools.for_images(private_host, Job()) == ()


@pytest.mark.hypervisor
def test_a_pool_that_is_not_started_is_started_and_its_folder_made(
    private_host: Host, pool_folder: Path
) -> None:
    (stopped,) = pools.every(private_host, Job())
    assert stopped.state is PoolState.INACTIVE
    assert not pool_folder.exists()
    chosen = pools.choose(private_host, "own", Job())
    assert chosen.state is PoolState.RUNNING
    assert chosen.free > 0
    assert pool_folder.is_dir()


@pytest.mark.hypervisor
def test_without_a_name_the_pool_of_everybody_is_chosen(
    private_host: Host, pool_folder: Path
) -> None:
    assert pools.choose(private_host, "", Job()).name == "own"
    xml = (
        f"<pool type='dir'><name>default</name><target><path>{pool_folder}2</path></target></pool>"
    )
    private_host.connection.storagePoolDefineXML(xml)
    assert pools.choose(private_host, "", Job()).name == "default"


def test_a_pool_that_is_not_there_is_an_error_that_says_what_to_do(default_host: Host) -> None:
    with pytest.raises(OperationError, match="no storage pool “nowhere”") as caught:
        pools.choose(default_host, "nowhere", Job())
    assert caught.value.cause is Cause.INVALID_VALUE
    assert "vmdeskctl pools" in caught.value.hint


def test_pools_for_folders_of_one_name_are_told_apart(test_host: Host) -> None:
    folders = [Path("/first/images"), Path("/second/images"), Path("/third/images")]
    made = [pools.of_folder(test_host, folder) for folder in (*folders, folders[1])]
    assert [pool.name for pool in made] == ["images", "images-2", "images-3", "images-2"]
    assert [pool.path for pool in made] == [*folders, folders[1]]


def test_a_folder_is_not_called_out_of_reach_when_the_daemon_is_gone(
    private_host: Host,
    private_libvirt: PrivateLibvirt,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    every = pools.every

    def the_last_words(host: Host, job: Job) -> list[PoolInfo]:
        found = every(host, job)
        private_libvirt.kill_daemon()
        return found

    monkeypatch.setattr(pools, "every", the_last_words)
    with pytest.raises(OperationError) as caught:
        pools.of_folder(private_host, tmp_path)
    assert not isinstance(caught.value, OutOfReach)
    assert "connection" in caught.value.summary
