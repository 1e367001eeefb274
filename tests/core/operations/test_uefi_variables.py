"""UEFI variables that only libvirt may open: read through a pool that is there for a moment."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import libvirt
import pytest

from tests.core.operations import token_machine
from tests.system_libvirt import IMAGES
from vmdesk.core.bundle import layout
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.job import Job, OperationError
from vmdesk.core.operations import export, transfer_plan, uefi_variables
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.uefi_variables import Variables
from vmdesk.core.storage import pools

pytestmark = pytest.mark.hypervisor

FOLDER = IMAGES / "variables"
POOL = f"<pool type='dir'><name>own</name><target><path>{FOLDER}</path></target></pool>"


def _with_variables_at(host: Host, domain: libvirt.virDomain, path: Path) -> DomainXml:
    xml = domain.XMLDesc().replace("</os>", f"<nvram>{path}</nvram></os>")
    return DomainXml.parse(host.connection.defineXML(xml).XMLDesc())


def _pools(host: Host) -> list[str]:
    return [pool.name for pool in pools.every(host, Job())]


@pytest.fixture
def machine(system_host: Host) -> Iterator[libvirt.virDomain]:
    """A machine whose variables are in a folder of the system's that is in no pool."""
    pool = system_host.connection.storagePoolCreateXML(
        POOL, libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD
    )
    pool.destroy()
    domain = token_machine.define(system_host, "web", [], "efi")
    _with_variables_at(system_host, domain, FOLDER / "web.fd")
    yield domain
    domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
    pool = system_host.connection.storagePoolDefineXML(POOL)
    pool.delete()
    pool.undefine()


def test_those_of_the_system_are_read_and_no_pool_stays(
    system_host: Host, machine: libvirt.virDomain
) -> None:
    xml = DomainXml.parse(machine.XMLDesc())
    assert uefi_variables.read(system_host, xml) == Variables()
    machine.create()  # libvirt makes them at the first start
    machine.destroy()
    assert not os.access(FOLDER / "web.fd", os.R_OK)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _n: uefi_variables.read(system_host, xml), range(8)))
    assert found[0].data is not None
    assert found[0].data[40:44] == b"_FVH"  # how every volume of firmware is marked
    assert set(found) == {found[0]}
    assert _pools(system_host) == ["default"]


def test_what_nobody_can_read_is_told_by_an_export_and_by_a_transfer(
    private_host: Host, remote_host: Host, tmp_path: Path
) -> None:
    domain = token_machine.define(private_host, "web", [], "efi")
    xml = _with_variables_at(private_host, domain, tmp_path / "nowhere/web.fd")
    assert uefi_variables.read(remote_host, xml) == Variables(is_lost=True)
    uuid = domain.UUIDString()
    plan = transfer_plan.make(remote_host, private_host, uuid, Job())
    assert any("UEFI variables" in loss for loss in plan.losses)
    done = export.run(remote_host, uuid, tmp_path, ExportOptions(), Job())
    assert any("UEFI variables" in note for note in done.notes)


def test_those_of_another_computer_are_read_there(
    private_host: Host, remote_host: Host, tmp_path: Path
) -> None:
    domain = token_machine.define(private_host, "web", [], "efi")
    xml = _with_variables_at(private_host, domain, tmp_path / "web.fd")
    (tmp_path / "web.fd").write_bytes(b"variables")
    assert uefi_variables.read(remote_host, xml) == Variables(b"variables")
    assert _pools(remote_host) == []


def test_those_of_another_computer_that_are_not_there_yet_are_no_loss(
    private_host: Host, remote_host: Host, tmp_path: Path
) -> None:
    domain = token_machine.define(private_host, "web", [], "efi")
    xml = _with_variables_at(private_host, domain, tmp_path / "web.fd")
    assert uefi_variables.read(remote_host, xml) == Variables()
    assert _pools(remote_host) == []


def test_a_file_that_is_too_large_is_refused_here_and_elsewhere(
    private_host: Host, remote_host: Host, tmp_path: Path
) -> None:
    domain = token_machine.define(private_host, "web", [], "efi")
    path = tmp_path / "web.fd"
    xml = _with_variables_at(private_host, domain, path)
    path.touch()
    os.truncate(path, layout.MAX_NVRAM_BYTES + 1)
    for host in (private_host, remote_host):
        with pytest.raises(OperationError, match=f"{path} is too large"):
            uefi_variables.read(host, xml)
    os.truncate(path, layout.MAX_NVRAM_BYTES)
    data = uefi_variables.read(private_host, xml).data
    assert data is not None
    assert len(data) == layout.MAX_NVRAM_BYTES
