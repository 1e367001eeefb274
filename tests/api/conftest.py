"""Servers to ask, and the machines behind them."""

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.api.served import Served, serving
from tests.conftest import FOLDERS, PrivateLibvirt
from vmdesk.core.host import Host


@pytest.fixture(scope="package")
def daemon() -> Iterator[PrivateLibvirt]:
    """A private daemon for all tests of this folder: to start one takes seconds."""
    if os.geteuid() == 0:
        pytest.skip("root has no libvirt of its own; “make test” runs this as another user")
    private = PrivateLibvirt()
    yield private
    private.destroy()


@pytest.fixture(scope="package")
def one_server(daemon: PrivateLibvirt) -> Iterator[Served]:
    with serving(daemon.uri) as server:
        yield server


@pytest.fixture(scope="module")
def host(daemon: PrivateLibvirt, libvirt_events: None) -> Iterator[Host]:
    """The same libvirt as the server's, for the test to make machines there."""
    host = Host(daemon.uri)
    host.open()
    yield host
    host.close()


@pytest.fixture
def served(one_server: Served, daemon: PrivateLibvirt) -> Iterator[Served]:
    """A server on a private libvirt with real QEMU; the machines go with the test."""
    yield one_server
    for uuid in daemon.virsh("list", "--uuid").split():
        daemon.virsh("destroy", uuid)
    for uuid in daemon.virsh("list", "--all", "--uuid").split():
        daemon.virsh("undefine", uuid)
    disks = FOLDERS["XDG_DATA_HOME"] / "vmdesk" / "disks"
    shutil.rmtree(disks)
    disks.mkdir()


@pytest.fixture(scope="package")
def mock() -> Iterator[Served]:
    """A server on libvirt's test driver, which has one running machine, ``test``."""
    with serving("test:///default") as server:
        yield server
