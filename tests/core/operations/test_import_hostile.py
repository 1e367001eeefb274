"""Bundles and images from an attacker: refused in words, with a canary that nobody reads."""

import hashlib
import io
import json
import os
import shutil
import struct
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from vmdesk.core import sparse
from vmdesk.core.bundle import unpack
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError, Progress
from vmdesk.core.operations import import_
from vmdesk.core.operations.import_ import ImportOptions

pytestmark = pytest.mark.hypervisor

SECRET = b"the canary's song"

XML = """<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='{machine}'>hvm</type></os>{domain}
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
      <source file='/old/web.qcow2'/><target dev='vda' bus='virtio'/></disk>{devices}
  </devices></domain>"""


class Attacker:
    """Makes files that try to read the canary, or to do other harm."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.canary = folder / "canary"
        self.canary.write_bytes(SECRET.ljust(65536, b"\0"))
        self._count = 0
        os.utime(self.canary, (1, 1))
        self.canary.read_bytes()
        if self.is_canary_well():
            pytest.skip("this file system does not keep the times of access")
        os.utime(self.canary, (1, 1))

    def is_canary_well(self) -> bool:
        status = self.canary.stat()
        return (status.st_atime, status.st_mtime) == (1, 1)

    def path(self, name: str) -> Path:
        self._count += 1
        folder = self.folder / str(self._count)
        folder.mkdir()
        return folder / name

    def image(self, *options: str, size: str = "1M", kind: str = "qcow2") -> Path:
        path = self.path(f"disk.{kind}")
        argv = ["qemu-img", "create", "-q", "-f", kind, *options, str(path), size]
        subprocess.run(argv, check=True, capture_output=True)
        return path

    def patched(self, path: Path, at: int, data: bytes) -> Path:
        with path.open("r+b") as file:
            file.seek(at)
            file.write(data)
        return path

    def bundle(
        self,
        disk: Path | bytes,
        xml: str = XML.format(machine="q35", domain="", devices=""),
        name: str = "web.qcow2",
        manifest: Callable[[list[dict[str, object]]], object] | None = None,
        nvram: bytes | None = None,
    ) -> Path:
        content = disk if isinstance(disk, bytes) else disk.read_bytes()
        members = {"web.xml": xml.encode(), name: content}
        if nvram is not None:
            members["web.nvram"] = nvram
        if manifest is not None:
            records: list[dict[str, object]] = [
                {
                    "name": key,
                    "role": "domain" if key == "web.xml" else "disk",
                    "size": len(data),
                    "stored_size": len(data),
                    "sha256": hashlib.sha256(data).hexdigest(),
                }
                for key, data in members.items()
            ]
            records[1] |= {"target": "vda", "format": "qcow2", "virtual_size": 2**20}
            written = {
                "format": "vmdesk-bundle",
                "version": 1,
                "machine": "web",
                "members": records,
            }
            changed = manifest(records)
            written |= changed if isinstance(changed, dict) else {}
            members["vmdesk.json"] = json.dumps(written).encode()
        path = self.path("web.tar")
        with tarfile.open(path, "w") as archive:
            for key, data in members.items():
                member = tarfile.TarInfo(key)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return path


@pytest.fixture
def attacker(tmp_path: Path) -> Attacker:
    folder = tmp_path / "attacker"
    folder.mkdir()
    return Attacker(folder)


def _backed(attacker: Attacker, backing: str) -> Path:
    return attacker.image("-u", "-b", backing, "-F", "raw")


def _flat_vmdk(attacker: Attacker) -> Path:
    path = attacker.image("-o", "subformat=monolithicFlat", kind="vmdk")
    text = path.read_text().replace(path.with_name("disk-flat.vmdk").name, str(attacker.canary))
    path.write_text(text)
    return path


def _of_two_sizes(attacker: Attacker) -> Path:
    # QEMU goes by the second copy of the header only, between its marker and that of the end.
    path = attacker.image("-o", "subformat=streamOptimized", kind="vmdk", size="8M")
    header = path.read_bytes()[:512]
    with path.open("ab") as file:
        file.write(struct.pack("<QII496x", 1, 0, 3) + header + bytes(512))
    attacker.patched(path, 12, struct.pack("<Q", 2**30 // 512))
    return attacker.patched(path, 56, b"\xff" * 8)


def _bomb(attacker: Attacker, size: int) -> Path:
    """Make a small vmdk of ``size`` bytes, which are one and the same piece over and over."""
    grain, entries, table_at, grain_at = 128, 512, 30, 128
    sectors = size // 512
    text = f'CID=1\nparentCID=ffffffff\ncreateType="monolithicSparse"\nRW {sectors} SPARSE "x"\n'
    fields = (b"KDMV", 1, 3, sectors, grain, 1, 20, entries, 21, 21, grain_at, 0, b"\n \r\n", 0)
    path = attacker.path("disk.vmdk")
    path.write_bytes(struct.pack("<4sIIQQQQIQQQB4sH", *fields))
    attacker.patched(path, 512, b"# Disk DescriptorFile\n" + text.encode())
    attacker.patched(path, 21 * 512, struct.pack("<I", table_at) * (sectors // grain // entries))
    attacker.patched(path, table_at * 512, struct.pack("<I", grain_at) * entries)
    return attacker.patched(path, grain_at * 512, os.urandom(grain * 512))


def _record(change: dict[str, object]) -> Callable[[list[dict[str, object]]], object]:
    return lambda records: records[1].update(change)


FILES: dict[str, tuple[Callable[[Attacker], Path], str]] = {
    "a backing file": (lambda a: a.bundle(_backed(a, str(a.canary))), "based on another"),
    "a json: backing file": (
        lambda a: a.bundle(_backed(a, f'json:{{"driver":"raw","file.filename":"{a.canary}"}}')),
        "based on another",
    ),
    "a data file": (
        lambda a: a.bundle(a.image("-o", f"data_file={a.path('data')},data_file_raw=on")),
        "in another file",
    ),
    "encryption": (
        # By hand, for qemu-img can't always measure its time for LUKS when the host is busy.
        lambda a: a.bundle(a.patched(a.image(), 32, struct.pack(">I", 2))),
        "encrypted",
    ),
    "8 PiB": (
        lambda a: a.bundle(a.image("-o", "cluster_size=2M", size="8P")),
        "claims to hold",
    ),
    "a text called qcow2": (lambda a: a.bundle(b"text" * 1000), "is none"),
    "a qcow2 called raw": (
        lambda a: a.bundle(_backed(a, str(a.canary)), name="web.raw"),
        "called raw",
    ),
    "a qcow2 called img": (
        lambda a: a.bundle(_backed(a, str(a.canary)), name="web.img"),
        "based on another",
    ),
    "a vmdk in a bundle": (lambda a: a.bundle(_flat_vmdk(a), name="web.img"), "not accepted"),
    "broken tables": (
        lambda a: a.bundle(a.patched(a.image(), 196608, b"\x80" + b"\xff" * 100)),
        "web.qcow2 is damaged",
    ),
    "broken tables of an image": (
        lambda a: a.patched(a.image(), 196608, b"\x80" + b"\xff" * 100),
        "disk.qcow2 is damaged",
    ),
    "a wrong checksum": (
        lambda a: a.bundle(a.image(), manifest=_record({"sha256": "0" * 64})),
        "is not what it was",
    ),
    "a wrong size": (
        lambda a: a.bundle(a.image(), manifest=_record({"size": 5})),
        "is not what it was",
    ),
    "a wrong format": (
        lambda a: a.bundle(a.image(), manifest=_record({"format": "raw"})),
        "calls it",
    ),
    "a missing member": (
        lambda a: a.bundle(a.image(), manifest=_record({"name": "other.qcow2"})),
        "is missing",
    ),
    "a member that nobody knows": (
        lambda a: a.bundle(a.image(), manifest=lambda records: [records.pop()]),
        "does not know",
    ),
    "a manifest from the future": (
        lambda a: a.bundle(a.image(), manifest=lambda _records: {"version": 2}),
        "newer vmdesk",
    ),
    "a manifest of nonsense": (
        lambda a: a.bundle(a.image(), manifest=lambda _records: {"members": 7}),
        "manifest, vmdesk.json, is damaged",
    ),
    "a processor that is not here": (
        lambda a: a.bundle(
            a.image(), XML.format(machine="x", domain="", devices="").replace("x86_64", "vax")
        ),
        "no emulator here",
    ),
    "an impossible machine type": (
        lambda a: a.bundle(a.image(), XML.format(machine="x", domain="", devices="")),
        "can’t run here",
    ),
    "no memory at all": (
        lambda a: a.bundle(
            a.image(), XML.format(machine="q35", domain="", devices="").replace(">64<", ">0<")
        ),
        "libvirt does not accept",
    ),
    "more processors than there are": (
        lambda a: a.bundle(
            a.image(),
            XML.format(
                machine="q35",
                domain="<cpu><topology sockets='9' cores='9' threads='9'/></cpu>",
                devices="",
            ),
        ),
        "libvirt does not accept",
    ),
    "a clock of no time zone": (
        lambda a: a.bundle(
            a.image(), XML.format(machine="q35", domain="<clock offset='timezone'/>", devices="")
        ),
        "libvirt does not accept",
    ),
    "a number that is too large": (
        lambda a: a.bundle(
            a.image(),
            XML.format(
                machine="q35",
                domain="",
                devices="<memballoon model='virtio'><stats period='99999999999'/></memballoon>",
            ),
        ),
        "libvirt does not accept",
    ),
    "UEFI variables with a backing file": (
        lambda a: a.bundle(
            a.image(),
            XML.format(machine="q35", domain="", devices="").replace("<os>", "<os firmware='efi'>"),
            # As large as the variables of the firmware that all distributions have today.
            nvram=_backed(a, str(a.canary)).read_bytes().ljust(540672, b"\0"),
        ),
        "in a form that is not accepted",
    ),
    "two disks of one name": (
        lambda a: a.bundle(
            a.image(),
            XML.format(
                machine="q35",
                domain="",
                devices="<disk type='file' device='disk'><target dev='vda'/></disk>",
            ),
        ),
        "two disks",
    ),
    "an image with a backing file": (lambda a: _backed(a, str(a.canary)), "based on another"),
    "an image of two sizes": (lambda a: _of_two_sizes(a), "contradicts itself"),
    "an image with flat extents": (_flat_vmdk, "in other files"),
    "an image with a block in an impossible state": (
        # 7, half there and half with a parent, which it has not: in its table at 2 MiB.
        lambda a: a.patched(a.image(kind="vhdx"), 2 * 2**20, struct.pack("<Q", 4 << 20 | 7)),
        "can’t be read",
    ),
    "a program": (lambda a: Path(shutil.copy("/bin/true", a.path("x.qcow2"))), "is no virtual"),
    "an empty file": (lambda a: _file(a, b""), "is no virtual"),
    "a text": (lambda a: _file(a, b"x\n" * 9999), "is no virtual"),
    "a link to the canary": (lambda a: _link(a), "is no virtual"),
}


def _file(attacker: Attacker, content: bytes) -> Path:
    path = attacker.path("web.tar")
    path.write_bytes(content)
    return path


def _link(attacker: Attacker) -> Path:
    # The user may drop a link; what it leads to is judged by its content all the same.
    other = attacker.path("other")
    other.write_bytes(SECRET)
    path = attacker.path("web.tar")
    path.symlink_to(other)
    return path


def test_each_attack_is_refused_in_its_own_words_and_leaves_nothing(
    private_host: Host, tmp_path: Path, attacker: Attacker
) -> None:
    options = ImportOptions(tmp_path / "disks")
    for name, (make, text) in FILES.items():
        path = make(attacker)
        before = {found for found in tmp_path.rglob("*") if found != options.folder}
        with pytest.raises(OperationError) as caught:
            import_.run(private_host, path, options, Job())
        assert text in caught.value.summary, name
        assert caught.value.cause is Cause.BAD_INPUT, name
        assert attacker.is_canary_well(), name
        after = {found for found in tmp_path.rglob("*") if found != options.folder}
        assert after - before <= {options.folder}, name
        assert private_host.domains() == [], name


def test_an_image_that_would_fill_the_disk_is_refused_before(
    private_host: Host, tmp_path: Path, attacker: Attacker, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _bomb(attacker, 2**30)
    options = ImportOptions(tmp_path / "disks")
    free = shutil.disk_usage(tmp_path).free
    monkeypatch.setattr(unpack, "RESERVE", free - 128 * 1024**2)
    told: set[str] = set()

    preview = import_.preview(private_host, path, options, Job())
    with pytest.raises(OperationError, match="not enough room"):
        import_.run(private_host, path, options, Job(lambda progress: told.add(progress.text)))

    assert path.stat().st_size < 2**18
    assert "up to 1 GiB" in preview.changed[0]
    assert "Checking the disk" in told
    assert "Converting the disk" not in told
    assert list(options.folder.iterdir()) == []


@pytest.mark.parametrize("size", [2 * sparse.BLOCK, 2 * sparse.KERNEL_CHUNK])
def test_an_image_that_shrinks_while_it_is_copied_is_refused(
    private_host: Host, tmp_path: Path, attacker: Attacker, size: int
) -> None:
    path = _file(attacker, bytes(510) + b"\x55\xaa" + os.urandom(size - 512))
    options = ImportOptions(tmp_path / "disks")

    def shrink(progress: Progress) -> None:
        if progress.text == "Copying":  # when all was copied, or a part
            os.truncate(path, sparse.BLOCK)

    with pytest.raises(OperationError, match="became shorter") as caught:
        import_.run(private_host, path, options, Job(shrink))

    assert caught.value.cause is Cause.BAD_INPUT
    assert list(options.folder.iterdir()) == []


def test_a_description_that_would_run_code_is_made_harmless(
    private_host: Host, tmp_path: Path, attacker: Attacker
) -> None:
    canary = attacker.canary
    xml = XML.format(
        machine="pc-q35-99.1",
        domain=f"<qemu:commandline><qemu:arg value='{canary}'/></qemu:commandline>"
        "<seclabel type='none'/>",
        devices=f"""<emulator>{canary}</emulator>
        <disk type='file' device='cdrom'><source file='{canary}'/><target dev='sda'/></disk>
        <disk type='file' device='disk'><source file='{canary}'/><target dev='vdb'/></disk>
        <interface type='bridge'><source bridge='br0'/><script path='{canary}'/></interface>
        <serial type='file'><source path='{canary}'/></serial>
        <graphics type='vnc' port='5900' listen='0.0.0.0'/>
        <filesystem type='mount'><source dir='/'/><target dir='x'/></filesystem>""",
    )
    options = ImportOptions(tmp_path / "disks", start=True)
    path = attacker.bundle(attacker.image(), xml)

    preview = import_.preview(private_host, path, options, Job())
    result = import_.run(private_host, path, options, Job())

    stored = private_host.domain(result.uuid).XMLDesc()
    assert str(canary) not in stored
    assert "0.0.0.0" not in stored
    assert attacker.is_canary_well()
    dropped = {entry.what for entry in result.dropped}
    assert dropped == {
        "qemu:commandline", "filesystem (mount)", "serial (file)", "interface/script", "disk vdb",
    }  # fmt: skip
    assert preview.dropped == result.dropped
    changed = " ".join(result.changed)
    for text in ("pc-q35-99.1", "old computer’s network", "canary is not in the bundle"):
        assert text in changed
