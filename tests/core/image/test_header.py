import contextlib
import os
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vmdesk.core.image import header as image_header
from vmdesk.core.image import header_other
from vmdesk.core.image.header import HEAD
from vmdesk.core.image.header_other import ImageHeader, Span
from vmdesk.core.job import Cause, OperationError

MIB = 1024**2
SOUND = [
    ("qcow2", []),
    ("qcow2", ["-o", "compat=0.10"]),
    ("qcow2", ["-o", "compression_type=zstd,extended_l2=on,cluster_size=2M"]),
    ("raw", []),
    ("vmdk", []),
    ("vmdk", ["-o", "subformat=streamOptimized"]),
    ("vdi", []),
    ("vhdx", []),
]


def _make(path: Path, kind: str, *options: str, size: str = "10M") -> Path:
    argv = ["qemu-img", "create", "-q", "-f", kind, *options, str(path), size]
    subprocess.run(argv, check=True)
    return path


def _check(path: Path) -> ImageHeader:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return image_header.check_file(descriptor)
    finally:
        os.close(descriptor)


def _refusal(path: Path) -> str:
    with pytest.raises(OperationError) as caught:
        _check(path)
    assert caught.value.cause is Cause.BAD_INPUT
    return caught.value.summary


def _patch(path: Path, at: int, data: bytes) -> Path:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)
    return path


@pytest.mark.parametrize(("kind", "options"), SOUND)
def test_a_sound_image_passes_and_its_size_is_known(
    tmp_path: Path, kind: str, options: list[str]
) -> None:
    found = _check(_make(tmp_path / "disk", kind, *options))
    assert (found.format, found.virtual_size) == (kind, 10 * MIB)


@pytest.mark.parametrize("backing", ["/etc/hostname", "json:{'driver':'file','filename':'/x'}"])
def test_a_qcow2_based_on_another_file_is_refused(tmp_path: Path, backing: str) -> None:
    path = _make(tmp_path / "disk", "qcow2", "-u", "-b", backing, "-F", "raw")
    assert "based on another file" in _refusal(path)


def test_a_qcow2_with_only_the_format_of_a_backing_file_is_refused(tmp_path: Path) -> None:
    path = _make(tmp_path / "disk", "qcow2", "-u", "-b", "/x", "-F", "raw")
    assert "based on another file" in _refusal(_patch(path, 8, bytes(12)))


def test_a_qcow2_with_a_data_file_is_refused(tmp_path: Path) -> None:
    path = _make(tmp_path / "disk", "qcow2", "-o", f"data_file={tmp_path / 'data'}")
    assert "in another file" in _refusal(path)
    # Without the feature bit QEMU would ignore the name; a stranger has no reason to write it.
    assert "in another file" in _refusal(_patch(path, 72, bytes(8)))


def test_an_encrypted_qcow2_is_refused(tmp_path: Path) -> None:
    # qemu-img measures the processor before it makes a LUKS image, and fails on a busy one.
    for method in (1, 2):
        image = _patch(_make(tmp_path / f"disk{method}", "qcow2"), 32, method.to_bytes(4, "big"))
        assert "encrypted" in _refusal(image)


def test_a_qcow2_that_only_says_where_its_key_is_is_refused(tmp_path: Path) -> None:
    path = _make(tmp_path / "disk", "qcow2")
    header_length = int.from_bytes(path.read_bytes()[100:104], "big")
    crypto_header = (0x0537BE77).to_bytes(4, "big")
    assert "encrypted" in _refusal(_patch(path, header_length, crypto_header))


def test_a_small_qcow2_that_claims_petabytes_is_refused(tmp_path: Path) -> None:
    path = _make(tmp_path / "disk", "qcow2", "-o", "cluster_size=2M", size="8P")
    assert path.stat().st_size < 64 * MIB
    assert "claims to hold 8 PiB" in _refusal(path)


def test_a_raw_image_that_is_longer_than_any_disk_is_refused() -> None:
    descriptor = os.memfd_create("disk")
    try:
        os.truncate(descriptor, header_other.MAX_VIRTUAL_SIZE)
        assert image_header.check_file(descriptor).virtual_size == header_other.MAX_VIRTUAL_SIZE
        os.truncate(descriptor, header_other.MAX_VIRTUAL_SIZE + 1)
        with pytest.raises(OperationError, match="claims to hold 64 TiB") as caught:
            image_header.check_file(descriptor)
        assert caught.value.cause is Cause.BAD_INPUT
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("at", "data", "text"),
    [
        (4, (9).to_bytes(4, "big"), "version"),
        (20, (30).to_bytes(4, "big"), "damaged"),
        (36, (2**30).to_bytes(4, "big"), "damaged"),
        (36, bytes(4), "damaged"),
        (40, (2**50).to_bytes(8, "big"), "damaged"),
        (48, (1).to_bytes(8, "big"), "damaged"),
        (56, (2**31).to_bytes(4, "big"), "damaged"),
        (60, (2**31).to_bytes(4, "big"), "damaged"),
        (72, (2).to_bytes(8, "big"), "damaged"),
        (72, (2**40).to_bytes(8, "big"), "not known here"),
        (100, (3).to_bytes(4, "big"), "damaged"),
    ],
)
def test_a_qcow2_header_that_contradicts_itself_is_refused(
    tmp_path: Path, at: int, data: bytes, text: str
) -> None:
    assert text in _refusal(_patch(_make(tmp_path / "disk", "qcow2"), at, data))


def test_names_and_contents_must_agree(tmp_path: Path) -> None:
    head = _make(tmp_path / "disk", "qcow2").read_bytes()[:HEAD]
    for content, claimed in [(head, "raw"), (bytes(HEAD), "qcow2"), (head, "vpc")]:
        with pytest.raises(OperationError):
            image_header.check_head(content, 10 * MIB, claimed)


def test_a_vmdk_with_flat_extents_is_refused(tmp_path: Path) -> None:
    path = _make(tmp_path / "disk.vmdk", "vmdk", "-o", "subformat=monolithicFlat")
    assert "in other files" in _refusal(path)


def test_a_vmdk_without_a_capacity_is_refused_for_its_text_would_count(tmp_path: Path) -> None:
    path = _patch(_make(tmp_path / "disk", "vmdk"), 12, bytes(8))
    assert "in other files" in _refusal(path)


def test_a_vmdk_whose_text_names_a_host_file_is_refused(tmp_path: Path) -> None:
    path = _make(tmp_path / "disk", "vmdk")
    sparse = path.read_bytes().index(b'SPARSE "')
    assert "in other files" in _refusal(_patch(path, sparse, b'FLAT "/etc/hostname" 0\n'))


def test_a_vmdk_with_a_parent_is_refused_wherever_it_says_so(tmp_path: Path) -> None:
    hint = b'\nparentFileNameHint="/etc/hostname"\n'
    path = _make(tmp_path / "disk", "vmdk")
    free = path.read_bytes().index(b"\0\0\0\0", 512)
    assert "based on another file" in _refusal(_patch(path, free, hint))


def test_a_vmdk_is_judged_by_its_footer_too(tmp_path: Path) -> None:
    path = _make(tmp_path / "disk", "vmdk", "-o", "subformat=streamOptimized")
    header = path.read_bytes()[:512]
    at_the_end = header[:56] + b"\xff" * 8 + header[64:]
    with path.open("ab") as file:
        file.write(bytes(512) + header + bytes(512))
    assert _check(_patch(path, 0, at_the_end)).virtual_size == 10 * MIB
    without_capacity = header[:12] + bytes(8) + header[20:]
    assert "in other files" in _refusal(_patch(path, path.stat().st_size - 1024, without_capacity))
    assert "damaged" in _refusal(_patch(path, path.stat().st_size - 1024, bytes(512)))


def test_the_footer_of_a_vmdk_is_where_qemu_looks_for_it(tmp_path: Path) -> None:
    path = _make(tmp_path / "disk", "vmdk", "-o", "subformat=streamOptimized")
    header = path.read_bytes()[:512]
    huge = header[:12] + struct.pack("<Q", 70 * 1024**4 // 512) + header[20:]
    with path.open("ab") as file:
        file.write(header + huge + bytes(100))
    _patch(path, 56, b"\xff" * 8)
    assert "claims to hold" in _refusal(path)


def test_a_vdi_with_a_parent_or_of_a_strange_kind_is_refused(tmp_path: Path) -> None:
    assert "based on" in _refusal(_patch(_make(tmp_path / "disk", "vdi"), 440, b"p" * 16))
    assert "form of vdi" in _refusal(_patch(_make(tmp_path / "kind", "vdi"), 76, b"\4"))


def test_a_vhdx_with_a_parent_is_refused(tmp_path: Path) -> None:
    path = _make(tmp_path / "disk", "vhdx")
    with path.open("rb") as file:
        file.seek(192 * 1024)
        table = file.read(64 * 1024)
        guid = bytes.fromhex("06a27c8b90479a4bb8fe575f050f886e")
        (metadata,) = struct.unpack_from("<Q", table, table.index(guid) + 16)
        file.seek(metadata)
        items = file.read(64 * 1024)
    guid = bytes.fromhex("3767a1ca36fa434db3b633f0aa44e76b")
    (offset,) = struct.unpack_from("<I", items, items.index(guid) + 16)
    assert "based on" in _refusal(_patch(path, metadata + offset + 4, b"\2"))


@pytest.mark.parametrize(
    ("at", "data", "what"),
    [
        (0, b"what", "vhdx table"),
        (8, (header_other.MAX_VHDX_ENTRIES + 1).to_bytes(4, "little"), "vhdx table"),
        (8, bytes(4), "vhdx table entry"),
    ],
    ids=["no table", "too many entries", "no entry"],
)
def test_a_vhdx_whose_table_leads_nowhere_is_refused(
    tmp_path: Path, at: int, data: bytes, what: str
) -> None:
    path = _patch(_make(tmp_path / "disk", "vhdx"), 192 * 1024 + at, data)
    with pytest.raises(OperationError, match="is damaged") as caught:
        _check(path)
    assert (caught.value.details, caught.value.cause) == (what, Cause.BAD_INPUT)


def test_an_image_whose_format_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(b"conectix".ljust(HEAD))
    with (
        path.open("rb") as file,
        pytest.raises(OperationError, match="format of the disk image is not known") as caught,
    ):
        header_other.check(Span(file.fileno(), 0, HEAD), path.read_bytes())
    assert caught.value.cause is Cause.BAD_INPUT


@pytest.mark.parametrize(("kind", "options"), SOUND)
def test_a_head_that_is_cut_short_is_refused_in_words(
    tmp_path: Path, kind: str, options: list[str]
) -> None:
    path = _make(tmp_path / "disk", kind, *options)
    for length in (4, 8, 72, 100, 103, 512, 1024, 4096, 65536, 200 * 1024):
        cut = tmp_path / str(length)
        cut.write_bytes(path.read_bytes()[:length])
        with contextlib.suppress(OperationError):
            assert 0 <= _check(cut).virtual_size <= 10 * MIB


@settings(max_examples=300, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 600), st.binary(min_size=1, max_size=9))))
def test_no_qcow2_header_is_so_broken_that_it_breaks_us(
    fuzzed_head: Callable[[], bytes], changes: list[tuple[int, bytes]]
) -> None:
    head = bytearray(fuzzed_head())
    for at, data in changes:
        head[at : at + len(data)] = data
    with contextlib.suppress(OperationError):
        found = image_header.check_head(bytes(head), 196 * 1024, "qcow2")
        # What passes names no other file.
        assert found.virtual_size <= 64 * 1024**4
        assert struct.unpack_from(">QI", head, 8) == (0, 0)


@pytest.fixture(scope="module")
def fuzzed_head(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], bytes]:
    content = _make(tmp_path_factory.mktemp("head") / "disk", "qcow2").read_bytes()[:HEAD]
    return lambda: content
