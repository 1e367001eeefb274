"""What a new machine can have is asked of libvirt, not guessed."""

import os
from pathlib import Path

import pytest

from tests.conftest import PrivateLibvirt
from vmdesk.core import capabilities
from vmdesk.core.formatting import GIB
from vmdesk.core.host import Host
from vmdesk.core.job import OperationError


@pytest.mark.hypervisor
def test_this_host_offers_what_libvirt_and_qemu_have(private_host: Host) -> None:
    offer = capabilities.read(private_host)
    assert Path(offer.emulator).is_file()
    assert offer.cpus == private_host.connection.getInfo()[2]
    assert offer.memory > GIB // 4
    assert offer.max_vcpus > offer.cpus
    assert offer.has_rng
    assert offer.is_session
    kvm = Path("/dev/kvm")
    if offer.has_kvm:
        assert kvm.exists()
    text = private_host.connection.getDomainCapabilities(None, offer.arch, "q35", "qemu")
    assert offer.has_spice == ("<value>spice</value>" in text)
    assert offer.has_efi == ("<value>efi</value>" in text)


@pytest.mark.hypervisor
def test_a_session_is_told_from_the_system_whatever_else_is_in_its_address(
    private_libvirt: PrivateLibvirt, private_host: Host
) -> None:
    uri = private_libvirt.virsh("uri").strip()
    host = Host(f"{uri}?mode=auto")
    host.open()
    try:
        assert capabilities.read(host).is_session
    finally:
        host.close()


def test_a_host_without_an_emulator_is_told_with_the_package(test_host: Host) -> None:
    with pytest.raises(OperationError, match="no emulator for") as caught:
        capabilities.read(test_host)
    assert "qemu-system-x86" in caught.value.hint


@pytest.mark.hypervisor
def test_a_processor_that_nothing_emulates_is_told(
    private_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = list(private_host.connection.getInfo())
    vax = os.uname_result(("Linux", "host", "6.1", "#1", "vax"))
    monkeypatch.setattr(os, "uname", lambda: vax)
    monkeypatch.setattr(private_host.connection, "getInfo", lambda: ["vax", *info[1:]])
    with pytest.raises(OperationError, match="no emulator for vax machines"):
        capabilities.read(private_host)
