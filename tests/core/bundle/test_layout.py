import gzip
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from vmdesk.core.bundle import content as bundle_content
from vmdesk.core.bundle import layout
from vmdesk.core.bundle.content import Content
from vmdesk.core.bundle.layout import Manifest, MemberRecord, Role
from vmdesk.core.job import Cause, OperationError

RECORD = MemberRecord("web.qcow2", Role.DISK, 10, 5, "0" * 64, "vda", "qcow2", 2**30)
MANIFEST = Manifest("Ünïcode", (MemberRecord("web.xml", Role.DOMAIN, 7, 7, "f" * 64), RECORD))


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("web", "web"),
        ("a/b\\c\n", "a_b_c_"),
        ("a\u202eb\x9bc", "a_b_c"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("-rf", "rf"),
        ("~root", "root"),
        ("...", "machine"),
        ("", "machine"),
        ("ü" * 150, "ü" * 100),
    ],
)
def test_a_name_becomes_safe_for_files(name: str, stem: str) -> None:
    assert layout.stem(name) == stem


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("a.xml", Role.DOMAIN), ("a.XML", Role.DOMAIN), ("a.qcow2", Role.DISK),
        ("a.raw", Role.DISK), ("a.img", Role.DISK), ("a.nvram", Role.NVRAM), ("a.tpm", Role.TPM),
        ("vmdesk.json", Role.MANIFEST), ("other.json", Role.OTHER), ("xml", Role.OTHER),
        ("._a.xml", Role.OTHER), ("a.iso", Role.OTHER), ("", Role.OTHER),
    ],
)  # fmt: skip
def test_a_members_name_tells_what_it_is(name: str, role: Role) -> None:
    assert layout.role_of(name) is role


def test_a_manifest_is_read_as_it_was_written() -> None:
    assert layout.parse_manifest(layout.dump_manifest(MANIFEST)) == MANIFEST
    assert MANIFEST.record("web.qcow2") == RECORD
    assert MANIFEST.record("other") is None
    odd = layout.parse_manifest(layout.dump_manifest(Manifest("a\u200db", ())))
    assert odd.machine == "a_b"


def _change(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda found: found.update({key: value})


def _change_member(key: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda found: found["members"][0].update({key: value})


@pytest.mark.parametrize(
    "change",
    [
        _change("format", "zip"), _change("version", "1"), _change("version", True),
        _change("version", -1), _change("machine", None), _change("members", {}),
        _change("members", [1]), _change("members", [{}] * 65), _change_member("name", 7),
        _change_member("name", "n" * 2000), _change_member("role", "root"),
        _change_member("size", -1), _change_member("size", 1.5), _change_member("size", 2**60),
        _change_member("sha256", "F" * 64), _change_member("sha256", []),
        _change_member("name", "\x1b[2J"), _change_member("name", "\ud800"),
        _change_member("target", "vda\u202e"), _change("machine", "\x9b31m"),
        _change_member("virtual_size", "1"), _change_member("target", 1),
    ],
)  # fmt: skip
def test_a_manifest_of_nonsense_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    found = json.loads(layout.dump_manifest(MANIFEST))
    change(found)
    with pytest.raises(OperationError, match="is damaged") as caught:
        layout.parse_manifest(json.dumps(found).encode())
    assert caught.value.cause is Cause.BAD_INPUT


@pytest.mark.parametrize("text", [b"", b"[]", b"7", b"\xff", b"[" * 100_000, b"9" * 100_000])
def test_what_is_no_manifest_is_refused(text: bytes) -> None:
    with pytest.raises(OperationError, match="is damaged"):
        layout.parse_manifest(text)


def test_a_newer_manifest_asks_for_a_newer_program() -> None:
    text = layout.dump_manifest(MANIFEST).replace(b'"version": 1', b'"version": 2')
    with pytest.raises(OperationError, match="newer vmdesk"):
        layout.parse_manifest(text)


def test_what_a_newer_program_adds_is_no_harm() -> None:
    found = json.loads(layout.dump_manifest(MANIFEST))
    found["colour"] = found["members"][0]["colour"] = "blue"
    assert layout.parse_manifest(json.dumps(found).encode()) == MANIFEST


def test_the_hint_at_the_head_is_read_again() -> None:
    assert layout.parse_required_hint(layout.required_hint(12345)) == 12345
    assert layout.parse_required_hint("this comment lets the data start") is None


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_a_bundle_is_known_by_its_first_member(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "holiday.jpeg"
    tar = tarfile.TarInfo("web.xml").tobuf() + os.urandom(10**6)
    path.write_bytes(pack(tar))
    assert bundle_content.identify(path) is Content.BUNDLE


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        gzip.compress(b"text"),
        gzip.compress(b"") * 10**5,
        gzip.compress(os.urandom(999))[:99],
        zstandard.compress(b"text"),
        b"\x28\xb5\x2f\xfd",
        b"\x1f\x8b\x08",
    ],
)
def test_a_file_that_is_nothing_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "web.tar.gz"
    path.write_bytes(data)
    with pytest.raises(OperationError, match=r"web\.tar\.gz is no virtual machine") as caught:
        bundle_content.identify(path)
    assert caught.value.cause is Cause.BAD_INPUT


@pytest.mark.parametrize(
    ("head", "content"),
    [
        (b"QFI\xfb", Content.IMAGE),
        (b"KDMV", Content.IMAGE),
        (b"# Disk DescriptorFile", Content.IMAGE),
        (b"vhdxfile", Content.IMAGE),
        (bytes(64) + b"\x7f\x10\xda\xbe", Content.IMAGE),
        (bytes(510) + b"\x55\xaa", Content.IMAGE),
        (bytes(512) + b"EFI PART", Content.IMAGE),
        (bytes(510) + b"\x55\xaa" + bytes(32257) + b"CD001", Content.DISC),
    ],
)
def test_a_file_is_known_by_what_it_contains(tmp_path: Path, head: bytes, content: Content) -> None:
    path = tmp_path / "holiday.jpeg"
    path.write_bytes(head.ljust(70_000, b"\0"))
    assert bundle_content.identify(path) is content


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pipe", "is not a file"),
        ("folder", "is not a file"),
        ("/dev/zero", "is not a file"),
        ("nowhere", "can’t be read"),
    ],
)
def test_what_is_no_file_at_all_is_refused_and_never_waited_for(
    tmp_path: Path, name: str, words: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    path = tmp_path / name
    with pytest.raises(OperationError, match=f"{path} {words}") as caught:
        bundle_content.identify(path)
    assert caught.value.cause is Cause.BAD_INPUT
    still_open = [found.resolve() for found in Path("/proc/self/fd").iterdir()]
    assert path.resolve() not in still_open
