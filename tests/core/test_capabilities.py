"""What a new machine can have is asked of libvirt, not guessed."""

import os
from pathlib import Path

import libvirt
import pytest

from tests.conftest import PrivateLibvirt
from tests.core.refusals import refusing
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


OFFER = """
<domainCapabilities>
  <path>/usr/bin/qemu-system-x86_64</path>
  <vcpu max='288'/>
  <devices>
    <graphics supported='no'><enum name='type'><value>spice</value></enum></graphics>
    <redirdev supported='yes'><enum name='bus'><value>usb</value></enum></redirdev>
    <rng supported='yes'><enum name='model'><value>egd</value></enum></rng>
  </devices>
</domainCapabilities>"""
"""What a libvirt says that has an emulator, which its test driver has not."""


@pytest.fixture
def offering_host(test_host: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    """The test driver's host with ``OFFER``, and with the network ``default`` that it has."""
    monkeypatch.setattr(test_host.connection, "getDomainCapabilities", lambda *_about: OFFER)
    return test_host


def test_what_is_listed_but_not_supported_or_not_listed_is_not_offered(
    offering_host: Host,
) -> None:
    offer = capabilities.read(offering_host)
    assert (offer.emulator, offer.max_vcpus) == ("/usr/bin/qemu-system-x86_64", 288)
    assert offer.has_usb_redirection
    others = (offer.has_spice, offer.has_channel_spicevmc, offer.has_rng, offer.has_efi)
    assert others == (False, False, False, False)


def test_the_network_of_everybody_is_taken_even_if_it_does_not_run(offering_host: Host) -> None:
    connection = offering_host.connection
    connection.networkCreateXML("<network><name>a-lab</name><bridge name='virbr9'/></network>")
    default = connection.networkLookupByName("default")
    if default.isActive():
        default.destroy()
    assert capabilities.read(offering_host).network == "default"
    default.undefine()
    assert capabilities.read(offering_host).network == "a-lab"


def test_a_libvirt_without_networks_gives_a_machine_one_of_its_own(
    offering_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = refusing(libvirt.VIR_ERR_NO_SUPPORT)
    monkeypatch.setattr(offering_host.connection, "listAllNetworks", refuse)
    assert capabilities.read(offering_host).network == ""


def test_a_libvirt_that_fails_is_not_taken_for_one_without_an_emulator(
    test_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = refusing(libvirt.VIR_ERR_OPERATION_FAILED, "the monitor is gone")
    monkeypatch.setattr(test_host.connection, "getDomainCapabilities", refuse)
    with pytest.raises(OperationError) as caught:
        capabilities.read(test_host)
    assert caught.value.details == "the monitor is gone"
