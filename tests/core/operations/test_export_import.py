"""Round trips with real guests: exported, deleted, imported, started, and their token seen."""

import os
import subprocess
from pathlib import Path

import pytest
from lxml import etree

from tests.core.operations import token_machine
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.domain import guest_state
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import export, import_
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.import_ import ImportOptions

pytestmark = pytest.mark.hypervisor

FORMS = list(ArchiveForm)


def _export(host: Host, uuid: str, place: Path, form: ArchiveForm = ArchiveForm.TAR) -> Path:
    return export.run(host, uuid, place, ExportOptions(form), Job()).path


def _tree(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*")}


@pytest.mark.parametrize("form", FORMS)
def test_a_machine_comes_back_from_each_form(
    private_host: Host, tmp_path: Path, form: ArchiveForm
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", f"token-{form.value}")
    uuid = token_machine.define(private_host, "web", [(disk, "qcow2")]).UUIDString()

    bundle = _export(private_host, uuid, tmp_path, form)
    token_machine.delete(private_host, uuid)
    options = ImportOptions(tmp_path / "disks")
    preview = import_.preview(private_host, bundle, options, Job())
    result = import_.run(private_host, bundle, options, Job())

    assert bundle == tmp_path / f"web.{form.value}"
    assert (preview.name, preview.memory_kib, preview.vcpus) == ("web", 64 * 1024, 1)
    assert [(found.target, found.format) for found in preview.disks] == [("vda", "qcow2")]
    assert preview.disks[0].virtual_size == token_machine.DISK_SIZE
    assert preview.dropped == result.dropped == ()
    assert preview.required_bytes <= 2 * 1024**2
    assert result.files == (tmp_path / "disks" / "web.qcow2",)
    assert result.is_verified == (form is not ArchiveForm.TAR)
    assert result.uuid != uuid
    assert _tree(tmp_path / "disks") == {tmp_path / "disks" / "web.qcow2"}
    assert token_machine.boot(private_host, result.uuid, tmp_path / "log") == f"token-{form.value}"


def _make_disks(folder: Path) -> list[tuple[Path, str]]:
    """Make a chain, a disk of 20 GiB with a snapshot inside, and a raw one of 1 TiB."""
    base = token_machine.make_qcow2(folder / "base.qcow2", "from the base")
    top, second, raw = (folder / name for name in ("top.qcow2", "second.qcow2", "big.raw"))
    _qemu_img("create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", top)
    _qemu_img("create", "-q", "-f", "qcow2", "-o", "preallocation=metadata", second, "20G")
    _qemu_img("snapshot", "-c", "before", second)
    token_machine.make_raw(raw, "raw", size=1024**4)
    return [(top, "qcow2"), (second, "qcow2"), (raw, "raw")]


@pytest.mark.parametrize("form", FORMS)
def test_each_kind_of_disk_comes_back_from_each_form(
    private_host: Host, tmp_path: Path, form: ArchiveForm
) -> None:
    name = "Äpfel & Birnen " + "n" * 120
    disks = _make_disks(tmp_path)
    domain = token_machine.define(private_host, name.replace("&", "&amp;"), disks)
    uuid = domain.UUIDString()

    result = export.run(private_host, uuid, tmp_path, ExportOptions(form), Job())
    domain.undefine()
    imported = import_.run(private_host, result.path, ImportOptions(tmp_path / "disks"), Job())

    assert disks[1][0].stat().st_size > 8 * GIB
    assert any("snapshot" in note for note in result.notes)
    assert result.path.stat().st_blocks * 512 < 16 * MIB
    assert imported.name == name
    root = etree.fromstring(private_host.domain(imported.uuid).XMLDesc())
    assert [disk.get("type") for disk in root.iterfind("devices/disk/driver")] == ["qcow2"] * 3
    for (original, kind), copy in zip(disks, imported.files, strict=True):
        _qemu_img("compare", "-f", kind, "-F", "qcow2", original, copy)
        assert copy.stat().st_blocks * 512 < 16 * MIB
    assert b"before" in _qemu_img("snapshot", "-l", imported.files[1])
    log = tmp_path / "log"
    assert token_machine.boot(private_host, imported.uuid, log) == "from the base"
    os.truncate(disks[2][0], 0)


def test_the_variables_of_uefi_come_back_with_the_machine(
    private_host: Host, tmp_path: Path
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "t")
    domain = token_machine.define(private_host, "web", [(disk, "qcow2")], "efi")
    domain.create()  # libvirt makes the variables at the first start
    domain.destroy()
    nvram = guest_state.nvram_path(private_host.uri, DomainXml.parse(domain.XMLDesc()))
    assert nvram is not None
    nvram.write_bytes(nvram.read_bytes()[:-5] + b"token")
    before = nvram.read_bytes()

    bundle = _export(private_host, domain.UUIDString(), tmp_path)
    token_machine.delete(private_host, domain.UUIDString())
    imported = import_.run(private_host, bundle, ImportOptions(tmp_path / "disks"), Job())

    root = etree.fromstring(private_host.domain(imported.uuid).XMLDesc())
    copied = Path(root.findtext("os/nvram", ""))
    assert copied.read_bytes() == before
    assert imported.uuid in copied.name
    private_host.domain(imported.uuid).create()
    private_host.domain(imported.uuid).destroy()


@pytest.mark.parametrize("size", [540672, 262144])
def test_uefi_variables_come_back_raw_where_they_fit(
    private_host: Host, tmp_path: Path, size: int
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "t")
    domain = token_machine.define(private_host, "web", [(disk, "qcow2")], "efi")
    raw = tmp_path / "raw"
    raw.write_bytes(os.urandom(size))
    nvram = guest_state.nvram_path(private_host.uri, DomainXml.parse(domain.XMLDesc()))
    assert nvram is not None
    nvram.parent.mkdir(parents=True, exist_ok=True)
    _qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, nvram)  # as Fedora has them

    bundle = _export(private_host, domain.UUIDString(), tmp_path)
    result = import_.run(private_host, bundle, ImportOptions(tmp_path / "disks"), Job())

    copies = [path for path in result.files if path.name == f"{result.uuid}_VARS.fd"]
    if size == 540672:  # what the firmware of all distributions has today
        assert [path.read_bytes() for path in copies] == [raw.read_bytes()]
    else:
        assert copies == []
        assert any("UEFI variables" in change for change in result.changed)


def test_the_same_identity_is_kept_only_where_it_is_free(
    private_host: Host, tmp_path: Path
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "t")
    uuid = token_machine.define(private_host, "web", [(disk, "qcow2")]).UUIDString()
    bundle = _export(private_host, uuid, tmp_path)
    options = ImportOptions(tmp_path / "disks", same_identity=True)

    beside = import_.run(private_host, bundle, options, Job())
    for taken in (uuid, beside.uuid):
        token_machine.delete(private_host, taken)
    instead = import_.run(private_host, bundle, options, Job())

    assert beside.uuid != uuid
    assert instead.uuid == uuid
    assert "52:54:00:11:22:33" in private_host.domain(uuid).XMLDesc()


def test_what_stands_in_the_way_of_an_export_is_said_before(
    private_host: Host, tmp_path: Path
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "t")
    domain = token_machine.define(private_host, "web", [(disk, "qcow2")])
    uuid = domain.UUIDString()
    existing = tmp_path / "there.tar"
    existing.write_text("precious")

    with pytest.raises(OperationError, match="exists already"):
        _export(private_host, uuid, existing)
    domain.create()
    with pytest.raises(OperationError, match="is running") as caught:
        _export(private_host, uuid, tmp_path)
    domain.managedSave()
    with pytest.raises(OperationError, match="is saved"):
        _export(private_host, uuid, tmp_path)
    options = ExportOptions(ArchiveForm.TAR, overwrites=True, discards_saved_state=True)
    export.run(private_host, uuid, existing, options, Job())

    assert caught.value.cause is Cause.WRONG_STATE
    assert not domain.hasManagedSaveImage()
    assert import_.preview(private_host, existing, ImportOptions(tmp_path), Job()).name == "web-2"
    assert _tree(tmp_path) >= {disk, existing}
    assert not list(tmp_path.glob(".vmdesk-*"))


@pytest.mark.parametrize("kind", ["qcow2", "raw", "vmdk", "vdi", "vhdx"])
def test_a_disk_image_becomes_a_machine(private_host: Host, tmp_path: Path, kind: str) -> None:
    raw = token_machine.make_raw(tmp_path / "raw", kind)
    path = tmp_path / "my disk.bin"
    _qemu_img("convert", "-f", "raw", "-O", kind, raw, path)
    options = ImportOptions(tmp_path / "disks")

    preview = import_.preview(private_host, path, options, Job())
    result = import_.run(private_host, path, options, Job())

    assert (preview.name, preview.disks[0].format) == ("my disk", kind)
    assert _tree(tmp_path / "disks") == {tmp_path / "disks" / "my disk.qcow2"}
    assert token_machine.boot(private_host, result.uuid, tmp_path / "log") == kind


def test_an_import_can_be_named_and_started(private_host: Host, tmp_path: Path) -> None:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "t")
    uuid = token_machine.define(private_host, "web", [(disk, "qcow2")]).UUIDString()
    bundle = _export(private_host, uuid, tmp_path)

    with pytest.raises(OperationError, match="already") as caught:
        import_.run(private_host, bundle, ImportOptions(tmp_path / "d", "web"), Job())
    result = import_.run(
        private_host, bundle, ImportOptions(tmp_path / "d", "other", start=True), Job()
    )

    assert caught.value.cause is Cause.INVALID_VALUE
    assert result.is_started
    assert private_host.lookup("other").state.is_active


def _qemu_img(*arguments: str | Path) -> bytes:
    return subprocess.run(["qemu-img", *arguments], check=True, capture_output=True).stdout
