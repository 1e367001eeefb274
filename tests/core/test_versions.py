"""Versions of what runs the machines."""

import subprocess

from tests.conftest import PrivateLibvirt
from vmdesk.core import versions
from vmdesk.core.host import Host


def test_the_versions_are_those_that_virsh_tells(
    private_host: Host, private_libvirt: PrivateLibvirt
) -> None:
    told = private_libvirt.virsh("version", "--daemon")
    read = versions.read(private_host)
    assert f"Running hypervisor: {read.hypervisor} {read.hypervisor_version}" in told
    assert f"Running against daemon: {read.libvirt}" in told
    binary = subprocess.run(["virsh", "--version"], check=True, capture_output=True, text=True)
    assert read.libvirt == binary.stdout.strip()
