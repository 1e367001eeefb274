"""What this host offers to machines from elsewhere."""

import os

import libvirt
import pytest

from vmdesk.core.bundle import host as bundle_host
from vmdesk.core.host import Host

pytestmark = pytest.mark.hypervisor


def test_machines_that_are_not_virtual_in_full_are_not_offered(
    private_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    arch = os.uname().machine
    guest = f"<guest><os_type>xen</os_type><arch name='{arch}'><machine>xenpv</machine></arch>"
    end = "</capabilities>"
    both = private_host.connection.getCapabilities().replace(end, f"{guest}</guest>{end}")
    before = bundle_host.read(private_host, arch)
    monkeypatch.setattr(libvirt.virConnect, "getCapabilities", lambda _connection: both)
    assert "xenpv" in both
    assert bundle_host.read(private_host, arch) == before
    assert before.machines
