import hashlib
import io
import itertools
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from vmdesk.core.bundle import layout
from vmdesk.core.bundle import writer as bundle_writer
from vmdesk.core.bundle.layout import ArchiveForm, Role
from vmdesk.core.bundle.writer import StreamSource
from vmdesk.core.job import Cancelled, OperationError
from vmdesk.core.storage.stream import Hole, Piece

MIB = 1024**2
GIB = 1024**3
FORMS = list(ArchiveForm)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    path = tmp_path / "whole"
    path.write_bytes(os.urandom(3 * MIB + 17))
    return path


@pytest.fixture
def holey(tmp_path: Path) -> Path:
    """9 GiB, of which the first and a middle MiB hold data."""
    path = tmp_path / "holey"
    with path.open("wb") as file:
        file.write(b"a" * MIB)
        file.seek(5 * GIB)
        file.write(b"b" * MIB)
        file.truncate(9 * GIB)
    return path


def _write(
    target: Path,
    form: ArchiveForm,
    disks: dict[str, Path],
    advance: Callable[[int], object] = lambda _count: None,
) -> None:
    with (
        target.open("wb") as file,
        bundle_writer.writing(file.fileno(), form, "web", advance) as writer,
    ):
        writer.add_bytes("web.xml", Role.DOMAIN, b"<domain/>", "a comment")
        for name, path in disks.items():
            writer.add_disk(name, bundle_writer.look_at(path), "vda", path.stat().st_size)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("program", ["tar", "bsdtar"])
def test_any_tar_lists_and_extracts_it(
    tmp_path: Path, whole: Path, holey: Path, form: ArchiveForm, program: str
) -> None:
    target = tmp_path / "bundle"
    names = ["web.qcow2", "n" * 150 + ".qcow2"]
    _write(target, form, dict(zip(names, [whole, holey], strict=True)))

    listed = subprocess.run([program, "-tf", target], check=True, capture_output=True, text=True)
    (tmp_path / "out").mkdir()
    extracted = subprocess.run(
        [program, "-xf", target, "-C", tmp_path / "out"], check=True, capture_output=True
    )

    assert listed.stdout.split() == ["web.xml", *names, "vmdesk.json"]
    assert extracted.stderr + listed.stderr.encode() == b""
    assert (tmp_path / "out" / names[0]).read_bytes() == whole.read_bytes()
    assert (tmp_path / "out" / names[1]).stat().st_size == 9 * GIB
    with (tmp_path / "out" / names[1]).open("rb") as file:
        assert file.read(MIB + 1) == b"a" * MIB + b"\0"
        file.seek(5 * GIB - 1)
        assert file.read(MIB + 2) == b"\0" + b"b" * MIB + b"\0"


@pytest.mark.parametrize("form", [ArchiveForm.TAR, ArchiveForm.TAR_GZ])
def test_pythons_tarfile_reads_it(tmp_path: Path, holey: Path, form: ArchiveForm) -> None:
    target = tmp_path / "bundle"
    _write(target, form, {"web.qcow2": holey})

    with tarfile.open(target) as archive:
        assert archive.getnames() == ["web.xml", "web.qcow2", "vmdesk.json"]
        disk = archive.getmember("web.qcow2")
        assert disk.size == 9 * GIB
        content = archive.extractfile(disk)
        assert content is not None
        content.seek(5 * GIB - 1)
        assert content.read(3) == b"\0bb"


def test_holes_cost_nothing(tmp_path: Path, holey: Path) -> None:
    for form in FORMS:
        _write(tmp_path / form.value, form, {"web.qcow2": holey})
        assert (tmp_path / form.value).stat().st_size < 2 * MIB + 64 * 1024


def test_the_data_of_a_disk_is_aligned_for_sharing(
    tmp_path: Path, whole: Path, holey: Path
) -> None:
    target = tmp_path / "bundle"
    disks = {f"{'n' * count}.qcow2": whole for count in (1, 99, 101, 300)}
    _write(target, ArchiveForm.TAR, {**disks, "holey.qcow2": holey})

    with tarfile.open(target) as archive:
        for name in disks:
            assert archive.getmember(name).offset_data % 4096 == 0
    assert target.read_bytes().index(b"a" * MIB) % 4096 == 0
    assert target.read_bytes().index(b"b" * MIB) % 4096 == 0


@pytest.mark.parametrize("form", FORMS)
def test_the_manifest_comes_last_and_tells_what_is_stored(
    tmp_path: Path, whole: Path, form: ArchiveForm
) -> None:
    target = tmp_path / "bundle"
    _write(target, form, {"web.qcow2": whole})

    listing = subprocess.run(["bsdtar", "-tf", target], check=True, capture_output=True, text=True)
    packed = subprocess.run(["bsdtar", "-xOf", target, "vmdesk.json"], capture_output=True)

    assert listing.stdout.split()[-1] == "vmdesk.json"
    manifest = json.loads(packed.stdout)
    assert (manifest["format"], manifest["version"]) == ("vmdesk-bundle", 1)
    description, disk = manifest["members"][:2]
    assert description["sha256"] == hashlib.sha256(b"<domain/>").hexdigest()
    assert (disk["role"], disk["target"], disk["format"]) == ("disk", "vda", "qcow2")
    assert disk["size"] == disk["stored_size"] == disk["virtual_size"] == 3 * MIB + 17
    # A hash of what the kernel copied would need a second reading.
    expected = None if form is ArchiveForm.TAR else hashlib.sha256(whole.read_bytes()).hexdigest()
    assert disk.get("sha256") == expected


PIECES: list[Piece] = [b"a" * MIB, Hole(20 * MIB), b"b" * MIB, Hole(5 * MIB)]


def _write_stream(
    target: Path, form: ArchiveForm, looks: Iterator[list[Piece]], size: int = 27 * MIB
) -> None:
    def begin() -> Generator[Piece]:
        yield from next(looks)

    source = StreamSource(size, min(size, 2 * MIB), "raw", begin)
    with (
        target.open("wb") as file,
        bundle_writer.writing(file.fileno(), form, "web", lambda _count: None) as writer,
    ):
        writer.add_bytes("web.xml", Role.DOMAIN, b"<domain/>")
        writer.add_stream("web.raw", source, "vda", size)


@pytest.mark.parametrize("form", FORMS)
def test_a_disk_that_comes_in_pieces_is_stored_with_its_holes(
    tmp_path: Path, form: ArchiveForm
) -> None:
    target = tmp_path / "bundle"
    _write_stream(target, form, itertools.repeat(PIECES))

    subprocess.run(["tar", "-xf", target, "-C", tmp_path], check=True)

    assert (tmp_path / "web.raw").read_bytes() == b"".join(
        bytes(piece.length) if isinstance(piece, Hole) else piece for piece in PIECES
    )
    assert target.stat().st_size < 2 * MIB + 128 * 1024
    if form is ArchiveForm.TAR:
        assert target.read_bytes().index(b"a" * MIB) % 4096 == 0


@pytest.mark.parametrize("form", FORMS)
def test_a_disk_that_comes_without_holes_is_an_ordinary_member(
    tmp_path: Path, form: ArchiveForm
) -> None:
    target = tmp_path / "bundle"
    data = [b"a" * MIB, b"b" * MIB]
    _write_stream(target, form, itertools.repeat(list[Piece](data)), 2 * MIB)

    listing = subprocess.run(["bsdtar", "-tf", target], check=True, capture_output=True, text=True)
    assert listing.stdout.split() == ["web.xml", "web.raw", "vmdesk.json"]
    packed = subprocess.run(["bsdtar", "-xOf", target, "web.raw"], capture_output=True)
    assert packed.stdout == b"".join(data)
    if form is ArchiveForm.TAR:
        with tarfile.open(target) as archive:
            assert archive.getmember("web.raw").offset_data % 4096 == 0
            assert "GNU.sparse.major" not in archive.getmember("web.raw").pax_headers


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pieces", [[], [Hole(5 * MIB)]], ids=["empty", "hole"])
def test_a_disk_of_which_nothing_comes_is_as_long_as_it_was(
    tmp_path: Path, form: ArchiveForm, pieces: list[Piece]
) -> None:
    size = 5 * MIB if pieces else 0
    _write_stream(tmp_path / "bundle", form, itertools.repeat(pieces), size)
    for program in ("tar", "bsdtar"):
        folder = tmp_path / program
        folder.mkdir()
        subprocess.run([program, "-xf", tmp_path / "bundle", "-C", folder], check=True)
        assert (folder / "web.raw").read_bytes() == bytes(size)


def test_the_longest_map_has_room_in_front_of_its_disk(tmp_path: Path) -> None:
    holes, far = 1400, layout.MAX_DISK_BYTES // 1401 // 4096 * 4096
    pieces: list[Piece] = [b"a" * 4096, Hole(far)] * holes
    size = holes * (4096 + far)
    _write_stream(tmp_path / "bundle", ArchiveForm.TAR, itertools.repeat(pieces), size)
    with tarfile.open(tmp_path / "bundle") as archive:
        disk = archive.getmember("web.raw")
        assert disk.size == size
        runs: object = disk.sparse
        assert isinstance(runs, list)
        assert runs[:2] == [(0, 4096), (4096 + far, 4096)]
        assert len(runs) == holes + 1
        assert archive.getnames() == ["web.xml", "web.raw", "vmdesk.json"]


@pytest.mark.parametrize(
    ("form", "looks"),
    [
        (ArchiveForm.TAR, [PIECES[:-1]]),
        (ArchiveForm.TAR_GZ, [PIECES, [b"a" * MIB, b"new" * MIB, Hole(23 * MIB)]]),
        (ArchiveForm.TAR_GZ, [PIECES, PIECES[:-1]]),
        (ArchiveForm.TAR_GZ, [PIECES, [*PIECES, b"more"]]),
    ],
)
def test_a_disk_that_changes_while_it_comes_is_not_exported(
    tmp_path: Path, form: ArchiveForm, looks: list[list[Piece]]
) -> None:
    with pytest.raises(OperationError, match="changed while it was exported"):
        _write_stream(tmp_path / "bundle", form, iter(looks))


@pytest.mark.parametrize("form", FORMS)
def test_progress_counts_every_byte_and_a_raise_in_it_stops(
    tmp_path: Path, whole: Path, form: ArchiveForm
) -> None:
    counts: list[int] = []
    _write(tmp_path / "bundle", form, {"web.qcow2": whole}, counts.append)
    assert sum(counts) == whole.stat().st_size

    def stop(_count: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        _write(tmp_path / "stopped", form, {"web.qcow2": whole}, stop)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [MIB, 4 * MIB], ids=["shorter", "longer"])
def test_a_disk_that_changes_meanwhile_is_noticed(
    tmp_path: Path, whole: Path, form: ArchiveForm, size: int
) -> None:
    def change(_count: int) -> None:
        os.truncate(whole, size)

    with pytest.raises(OperationError, match="was changed"):
        _write(tmp_path / "bundle", form, {"web.qcow2": whole}, change)


@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_is_an_error_and_never_a_hang(form: ArchiveForm, whole: Path) -> None:
    disks = {f"{index}.qcow2": whole for index in range(8)}
    with pytest.raises(OSError, match="No space left"):
        _write(Path("/dev/full"), form, disks)


def test_the_comment_at_the_head_is_where_a_preview_finds_it(tmp_path: Path, whole: Path) -> None:
    _write(tmp_path / "bundle", ArchiveForm.TAR, {"web.qcow2": whole})

    head = (tmp_path / "bundle").read_bytes()[:4096]
    with tarfile.open(fileobj=io.BytesIO(head), mode="r|") as archive:
        first = archive.next()
    assert first is not None
    assert first.pax_headers["comment"] == "a comment"
