"""22,500 broken bundles: each is accepted or refused in words, none breaks the reader."""

import gzip
import io
import json
import random
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import zstandard

from tests.core import ova
from vmdesk.core.bundle import scan, untrusted_xml
from vmdesk.core.bundle.scan import Contents
from vmdesk.core.job import Cause, Job, OperationError

pytestmark = pytest.mark.usefixtures("no_thread_stays")

ROUNDS = 2500
"""Inputs for each of the nine kinds."""

XML = b"""<domain type='kvm'><name>web</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>
<disk type='file' device='disk'><source file='web.qcow2'/><target dev='vda' bus='virtio'/></disk>
<interface type='user'><mac address='52:54:00:11:22:33'/></interface>
</devices></domain>"""

OVF = ova.VIRTUALBOX.encode()

Flip = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    disk = tmp_path_factory.mktemp("disk") / "disk"
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-o", "cluster_size=512", str(disk), "64k"]
    subprocess.run(argv, check=True)
    image = disk.read_bytes()
    stored = len(image) + 512
    records = [
        {"name": "web.xml", "role": "domain", "size": len(XML), "stored_size": len(XML)},
        {"name": "web.qcow2", "role": "disk", "size": len(image), "stored_size": stored},
    ]
    manifest = {"format": "vmdesk-bundle", "version": 1, "machine": "web", "members": records}
    return {"web.xml": XML, "web.qcow2": image, "vmdesk.json": json.dumps(manifest).encode()}


@cache
def _vmdk() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        raw.write_bytes(bytes(65536))
        return ova.vmdk(raw, Path(folder) / "vmdk").read_bytes()


def _tar(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            data = content
            if name == "web.qcow2":
                data = f"1\n0\n{len(content)}\n".encode().ljust(512, b"\0") + content
                member.pax_headers = {
                    "GNU.sparse.major": "1",
                    "GNU.sparse.minor": "0",
                    "GNU.sparse.realsize": str(len(content)),
                }
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _flipped(data: bytes, chance: random.Random, most: int | None = None) -> bytes:
    broken = bytearray(data)
    for _time in range(chance.randint(1, 4)):
        at = chance.randrange(min(len(broken), most or len(broken)))
        match chance.randrange(4):
            case 0:
                broken[at] ^= 1 << chance.randrange(8)
            case 1:
                broken[at] = chance.choice(b"\0\xff\x80 0179./<>&\"'\n=")
            case 2:
                del broken[at : at + chance.randint(1, 9)]
            case _:
                broken[at : at + 1] = bytes(chance.choices(range(256), k=chance.randint(1, 9)))
    return bytes(broken)


def _with_right_checksums(tar: bytes) -> bytes:
    """Mend the checksum of each block that looks like a header, so that the rest of it counts."""
    mended = bytearray(tar)
    for at in range(0, len(mended) - 511, 512):
        if mended[at + 257 : at + 262] == b"ustar":
            total = sum(mended[at : at + 148]) + 8 * 32 + sum(mended[at + 156 : at + 512])
            mended[at + 148 : at + 156] = f"{total:06o}\0 ".encode()
    return bytes(mended)


def _in_headers(tar: bytes, chance: random.Random) -> bytes:
    broken = bytearray(tar)
    headers = [at for at in range(0, len(tar), 512) if tar[at + 257 : at + 262] == b"ustar"]
    for _time in range(chance.randint(1, 3)):
        broken[chance.choice(headers) + chance.randrange(512)] = chance.randrange(256)
    return _with_right_checksums(bytes(broken))


KINDS: dict[str, Callable[[dict[str, bytes], random.Random], bytes]] = {
    "headers": lambda members, chance: _in_headers(_tar(members), chance),
    "anywhere": lambda members, chance: _with_right_checksums(_flipped(_tar(members), chance)),
    "cut": lambda members, chance: _tar(members)[: chance.randrange(9000)],
    "gzip": lambda members, chance: _flipped(gzip.compress(_tar(members), 1), chance),
    "zstd": lambda members, chance: _flipped(zstandard.compress(_tar(members)), chance),
    "xml": lambda members, chance: _tar(
        {**members, "web.xml": _flipped(XML, chance), "vmdesk.json": b"{}"}
        if chance.randrange(2)
        else {"web.qcow2": members["web.qcow2"], "web.xml": _flipped(XML, chance)}
    ),
    "manifest": lambda members, chance: _tar(
        {**members, "vmdesk.json": _flipped(members["vmdesk.json"], chance)}
    ),
    "ova": lambda _members, chance: _tar(
        {"web.ovf": _flipped(OVF, chance), "web-disk001.vmdk": _vmdk()}
        if chance.randrange(2)
        else {"web.ovf": OVF, "web-disk001.vmdk": _flipped(_vmdk(), chance, 1200)}
    ),
    "qcow2": lambda members, chance: _tar(
        {"web.xml": XML, "web.qcow2": _flipped(members["web.qcow2"], chance, 600)}
    ),
}


def _swallow(path: Path) -> Contents | None:
    try:
        contents = scan.verify(path, Job())
        untrusted_xml.rebuild(contents.description or b"")
    except OperationError as error:
        if error.cause is not Cause.BAD_INPUT:
            raise
        return None
    return contents


@pytest.mark.parametrize("kind", KINDS)
def test_no_bundle_is_so_broken_that_it_breaks_us(
    tmp_path: Path, members: dict[str, bytes], kind: str
) -> None:
    chance = random.Random(kind)
    path = tmp_path / "bundle"
    accepted = 0
    for number in range(ROUNDS):
        path.write_bytes(KINDS[kind](members, chance))
        try:
            accepted += _swallow(path) is not None
        except Exception as error:
            error.add_note(f"input {number} of kind {kind}")
            raise
    assert accepted < ROUNDS
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_what_is_fuzzed_is_accepted_when_nothing_is_broken(
    tmp_path: Path, members: dict[str, bytes], pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "bundle"
    path.write_bytes(pack(_tar(members)))
    contents = _swallow(path)
    assert contents is not None
    assert contents.disks[0].header.virtual_size == 65536
