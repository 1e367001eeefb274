"""Undefining takes all that libvirt keeps of a machine, and spares what is another one's."""

from itertools import pairwise
from pathlib import Path

import libvirt
import pytest

from tests.conftest import FOLDERS, PrivateLibvirt
from tests.core.operations import small_machine
from tests.core.refusals import refusing
from tests.guests import snapshot
from vmdesk.core.domain.undefine import force_off, take_back, undefine
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, OperationError


def kept_by_libvirt() -> set[Path]:
    """What the daemon has on disk, but for its log files."""
    folders = [FOLDERS["XDG_CONFIG_HOME"], FOLDERS["XDG_STATE_HOME"], FOLDERS["XDG_DATA_HOME"]]
    return {path for folder in folders for path in snapshot(folder) if path.suffix != ".log"}


@pytest.mark.hypervisor
def test_a_managed_save_a_snapshot_and_a_checkpoint_go_too(
    private_host: Host, tmp_path: Path
) -> None:
    before = kept_by_libvirt()
    domain = small_machine.define(private_host, tmp_path)
    domain.snapshotCreateXML("<domainsnapshot><name>s</name></domainsnapshot>")
    domain.create()
    domain.checkpointCreateXML("<domaincheckpoint><name>c</name></domaincheckpoint>")
    domain.managedSave()
    assert len(kept_by_libvirt() - before) > 2
    undefine(domain)
    assert kept_by_libvirt() == before
    assert (tmp_path / "small.qcow2").exists()


@pytest.mark.hypervisor
@pytest.mark.parametrize("keep_nvram", [False, True])
def test_uefi_variables_go_unless_they_are_to_be_kept(
    private_host: Host, tmp_path: Path, keep_nvram: bool
) -> None:
    domain = small_machine.define(private_host, tmp_path, os="firmware='efi'")
    domain.create()
    nvram = Path(small_machine.running(domain).nvram)
    domain.destroy()
    assert nvram.stat().st_size
    undefine(domain, *([True] if keep_nvram else []))
    assert nvram.exists() == keep_nvram


def test_a_driver_that_does_not_know_all_flags_is_asked_with_fewer(test_host: Host) -> None:
    domain = test_host.connection.lookupByName("test")
    domain.destroy()
    domain.snapshotCreateXML("<domainsnapshot><name>s</name></domainsnapshot>")
    undefine(domain)
    assert test_host.domains() == []


def _flags_of_refused(monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> list[int]:
    """Have each attempt to undefine refused; return the list of the flags that it had."""
    asked: list[int] = []

    def refuse(_domain: libvirt.virDomain, flags: int) -> None:
        asked.append(flags)
        refusing(code, words)()

    monkeypatch.setattr(libvirt.virDomain, "undefineFlags", refuse)
    return asked


def test_what_a_daemon_does_not_know_is_left_out_newest_first_but_never_all_of_it(
    test_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = test_host.connection.lookupByName("test")
    asked = _flags_of_refused(monkeypatch, libvirt.VIR_ERR_INVALID_ARG, "unsupported flags")
    with pytest.raises(OperationError):
        undefine(domain)
    oldest = libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    assert asked[-1] == oldest
    for more, fewer in pairwise(asked):
        assert fewer == more ^ (1 << (more.bit_length() - 1))
    assert asked[0] & libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA


def test_what_is_refused_for_another_reason_is_not_tried_with_less(
    test_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = test_host.connection.lookupByName("test")
    asked = _flags_of_refused(monkeypatch, libvirt.VIR_ERR_OPERATION_FAILED, "it has a lock")
    with pytest.raises(OperationError) as caught:
        undefine(domain)
    assert caught.value.details == "it has a lock"
    assert len(asked) == 1


def test_a_machine_that_stops_by_itself_while_it_is_forced_off_is_off(
    test_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = test_host.connection.lookupByName("test")
    stop = libvirt.virDomain.destroy

    def stopped_before(domain: libvirt.virDomain) -> None:
        stop(domain)
        refusing(libvirt.VIR_ERR_OPERATION_INVALID)(domain)

    monkeypatch.setattr(libvirt.virDomain, "destroy", stopped_before)
    force_off(domain)
    assert not domain.isActive()
    domain.create()
    monkeypatch.setattr(libvirt.virDomain, "destroy", refusing(libvirt.VIR_ERR_OPERATION_INVALID))
    with pytest.raises(libvirt.libvirtError):
        force_off(domain)


def test_a_machine_that_is_gone_is_not_found(test_host: Host) -> None:
    domain = test_host.connection.lookupByName("test")
    domain.destroy()
    domain.undefine()
    with pytest.raises(OperationError) as caught:
        undefine(domain)
    assert caught.value.cause is Cause.NOT_FOUND


@pytest.mark.hypervisor
def test_what_is_half_made_is_taken_back_even_if_the_daemon_died(
    private_libvirt: PrivateLibvirt, private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    uuid = domain.UUIDString()
    domain.create()
    private_libvirt.kill_daemon()
    take_back(private_host, uuid)
    assert private_libvirt.virsh("list", "--all", "--name").split() == []
    take_back(private_host, uuid)


def test_taking_back_a_temporary_machine_or_nothing_is_no_error(test_host: Host) -> None:
    xml = (
        "<domain type='test'><name>t</name><memory>65536</memory><os><type>hvm</type></os></domain>"
    )
    domain: libvirt.virDomain = test_host.connection.createXML(xml)
    uuid = domain.UUIDString()
    for _ in range(2):
        take_back(test_host, uuid)
        assert test_host.domain_info(uuid) is None


def test_a_machine_that_can_not_be_stopped_is_not_taken_back_and_that_is_told(
    test_host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = test_host.lookup("test").uuid
    words = "Failed to terminate process 42 with SIGKILL"
    refuse = refusing(libvirt.VIR_ERR_OPERATION_FAILED, words)
    monkeypatch.setattr(libvirt.virDomain, "destroy", refuse)
    with pytest.raises(OperationError) as caught:
        take_back(test_host, uuid)
    assert caught.value.details == words
    assert test_host.domain_info(uuid) is not None
