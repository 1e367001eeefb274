"""The network “default”, in each of its states, on libvirt's test driver."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import libvirt
import pytest

from tests.core.doctor.conftest import Examine, put
from vmdesk.core.doctor import networks
from vmdesk.core.doctor.finding import Finding, State

pytestmark = pytest.mark.usefixtures("libvirt_events")
URI = "test:///default"


def shown(finding: Finding) -> str:
    return finding.mends[0].shown


def test_the_network_is_followed_through_its_states(examined: Examine, tmp_path: Path) -> None:
    # The driver's node lives for as long as somebody is connected to it.
    connection = libvirt.open(URI)
    network = connection.networkLookupByName("default")
    described = network.XMLDesc()
    try:
        network.setAutostart(1)
        assert networks.default(examined(URI)).state is State.GOOD
        network.setAutostart(0)
        found = networks.default(examined(URI))
        assert found.state is State.WARNING
        assert shown(found) == "virsh --connect test:///default net-autostart default"
        network.destroy()
        found = networks.default(examined(URI))
        assert found.state is State.BROKEN
        assert "net-start default" in shown(found)
        network.undefine()
        put(tmp_path, "/usr/share/libvirt/networks/default.xml")
        found = networks.default(examined(URI, tmp_path))
        assert found.state is State.BROKEN
        assert "net-define" in shown(found)
    finally:
        # Others in this process may be connected to the same node, and go on with it.
        restored = connection.networkDefineXML(described)
        if not restored.isActive():
            restored.create()
        connection.close()


def test_a_network_that_nobody_describes_comes_with_its_package(
    examined: Examine, tmp_path: Path
) -> None:
    node = put(tmp_path, "node.xml", "<node/>")
    put(tmp_path, "/etc/os-release", "ID=debian\n")
    with closing(libvirt.open(f"test://{node}")) as connection:
        assert connection.listAllNetworks() == []
        found = networks.default(replace(examined(URI, tmp_path), connection=connection))
    assert found.state is State.BROKEN
    assert "apt-get install -y" in shown(found)


def test_machines_of_the_session_need_no_network(examined: Examine) -> None:
    assert networks.default(examined("qemu:///session")).state is State.UNNEEDED


def test_without_a_connection_nothing_is_known(examined: Examine, tmp_path: Path) -> None:
    found = networks.default(examined(f"qemu:///system?socket={tmp_path}/none"))
    assert found.state is State.UNCHECKED
    assert found.details
