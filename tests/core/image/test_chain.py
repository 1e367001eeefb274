"""What a disk image builds on is found by its header, whatever the header says."""

import json
import os
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vmdesk.core.image.chain import MAXIMUM_FILES, files_below


def make(path: Path, *options: str, size: str = "1M", format: str = "qcow2") -> Path:  # noqa: A002
    command = ["qemu-img", "create", "-q", "-f", format, *options, str(path), size]
    subprocess.run(command, check=True, cwd=path.parent)
    return path


def overlay(path: Path, backing: str, format: str = "qcow2") -> Path:  # noqa: A002
    # -u: qemu-img need not find the other file, nor like its name.
    return make(path, "-u", "-b", backing, "-F", format)


def header(name: bytes, offset: int = 512) -> bytes:
    return struct.pack(">4sIQI", b"QFI\xfb", 2, offset, len(name)).ljust(offset, b"\0") + name


def test_a_chain_is_followed_to_its_end_nearest_first(tmp_path: Path) -> None:
    base = make(tmp_path / "base.raw", format="raw")
    middle = overlay(tmp_path / "middle.qcow2", str(base), "raw")
    top = overlay(tmp_path / "top.qcow2", "middle.qcow2")
    assert list(files_below(top)) == [middle, base]
    assert list(files_below(base)) == []


def test_a_relative_name_starts_at_the_image_not_at_the_program(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    base = make(tmp_path / "base.qcow2")
    (below,) = files_below(overlay(tmp_path / "a/top.qcow2", "../base.qcow2"))
    assert below.samefile(base)


@pytest.mark.parametrize(
    "description",
    [
        {"driver": "qcow2", "file": {"driver": "file", "filename": "BASE"}},
        {"driver": "qcow2", "file.driver": "file", "file.filename": "BASE"},
        {"file": {"driver": "throttle", "file": {"driver": "file", "filename": "BASE"}}},
        {"driver": "quorum", "children": [{"file": {"filename": "BASE"}}], "vote-threshold": 1},
        {"filename": "file:BASE"},
    ],
)
def test_names_in_json_are_found(tmp_path: Path, description: dict[str, object]) -> None:
    base = make(tmp_path / "base.qcow2")
    name = json.dumps(description).replace("BASE", str(base))
    (tmp_path / "top.qcow2").write_bytes(header(b"json:" + name.encode()))
    assert list(files_below(tmp_path / "top.qcow2")) == [base]


def test_a_name_with_the_protocol_file_is_found(tmp_path: Path) -> None:
    base = make(tmp_path / "base.qcow2")
    assert list(files_below(overlay(tmp_path / "top.qcow2", f"file:{base}"))) == [base]


def test_a_file_that_holds_the_data_is_found(tmp_path: Path) -> None:
    data = tmp_path / "data.raw"
    image = make(tmp_path / "image.qcow2", "-o", f"data_file={data},data_file_raw=on")
    assert list(files_below(image)) == [data]


@pytest.mark.parametrize("kind", ["monolithicFlat", "twoGbMaxExtentFlat"])
def test_the_extents_and_the_parent_of_a_vmdk_are_found(tmp_path: Path, kind: str) -> None:
    base = make(tmp_path / "base.vmdk", "-o", f"subformat={kind}", format="vmdk")
    (extent,) = files_below(base)
    assert extent.name in ("base-flat.vmdk", "base-f001.vmdk")
    sparse = make(tmp_path / "sparse.vmdk", format="vmdk")
    top = make(tmp_path / "top.vmdk", "-b", "sparse.vmdk", "-F", "vmdk", format="vmdk")
    assert list(files_below(top)) == [sparse]
    assert list(files_below(sparse)) == []


def test_a_chain_that_runs_in_a_circle_ends(tmp_path: Path) -> None:
    one = overlay(tmp_path / "one.qcow2", "two.qcow2")
    two = overlay(tmp_path / "two.qcow2", f"../{tmp_path.name}/one.qcow2")
    assert list(files_below(one)) == [two]
    (itself,) = [overlay(tmp_path / "self.qcow2", "self.qcow2")]
    assert list(files_below(itself)) == []


def test_a_very_long_chain_ends(tmp_path: Path) -> None:
    for index in range(MAXIMUM_FILES + 20):
        (tmp_path / str(index)).write_bytes(header(str(index + 1).encode()))
    assert len(list(files_below(tmp_path / "0"))) == MAXIMUM_FILES


def test_what_is_not_there_or_not_a_file_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name in ("gone", "fifo", ".", "/dev/null", "nbd://localhost/x", "json:{", "a\0b", ""):
        (tmp_path / "top").write_bytes(header(name.encode()))
        assert list(files_below(tmp_path / "top")) == []
    for path in (tmp_path / "gone", tmp_path / "fifo", tmp_path, Path("/" + "x" * 5000)):
        assert list(files_below(path)) == []


def test_a_real_header_that_was_cut_anywhere_is_read_without_an_error(tmp_path: Path) -> None:
    base = make(tmp_path / "base.qcow2")
    top = overlay(tmp_path / "top.qcow2", "base.qcow2")
    whole = top.read_bytes()[:1024]
    cut = tmp_path / "cut.qcow2"
    found = []
    for length in (*range(0, len(whole), 5), len(whole)):
        cut.write_bytes(whole[:length])
        found.append(list(files_below(cut)))
    assert found[0] == []
    assert found[-1] == [base]
    assert all(below in ([], [base]) for below in found)


_NUMBERS = st.integers(0, 2**64 - 1) | st.integers(0, 200)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, database=None)
@given(
    version=st.integers(0, 4),
    offset=_NUMBERS,
    length=st.integers(0, 2**32 - 1),
    rest=st.binary(max_size=400),
)
@example(version=2, offset=20, length=1023, rest=b"json:" + b"[" * 1018)
@example(version=2, offset=20, length=40, rest=b'json:{"filename": "\\ud800"}')
@example(version=3, offset=2**64 - 1, length=9, rest=b"")
def test_no_header_breaks_it(
    tmp_path: Path, version: int, offset: int, length: int, rest: bytes
) -> None:
    image = tmp_path / "image"
    image.write_bytes(struct.pack(">4sIQI", b"QFI\xfb", version, offset, length) + rest)
    assert image not in list(files_below(image))
