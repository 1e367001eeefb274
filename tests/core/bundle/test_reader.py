import gzip
import io
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
import zstandard

from vmdesk.core.bundle import extract, layout, reader
from vmdesk.core.bundle.layout import Role
from vmdesk.core.job import Cause, Job, OperationError

MIB = 1024**2
GIB = 1024**3
XML = b"<domain><name>web</name></domain>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as another tool would pack it, with a disk that has holes."""
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "web.xml").write_bytes(XML)
    with (folder / "web.qcow2").open("wb") as file:
        for index in range(40):  # more extents than one old GNU header has room for
            file.seek(index * MIB)
            file.write(bytes([index + 1]) * 65536)
        file.truncate(9 * GIB)
    return folder


def unpack_all(path: Path, target: Path) -> dict[str, Path]:
    """Unpack every member into a new folder and return them by name."""
    target.mkdir()
    unpacked: dict[str, Path] = {}
    with reader.opening(path, Job()) as archive:
        for index, member in enumerate(reader.members(archive)):
            unpacked[member.name] = target / str(index)
            descriptor = extract.create_file(target / str(index))
            extract.unpack(archive, member, descriptor, True, False, lambda _count: None)
            os.close(descriptor)
    return unpacked


TARS = {
    "GNU tar, ustar": ["tar", "--format=ustar", "-cf"],
    "GNU tar": ["tar", "-Scf"],
    "GNU tar, pax": ["tar", "--format=posix", "-Scf"],
    "GNU tar, sparse 0.1": ["tar", "--format=posix", "--sparse-version=0.1", "-Scf"],
    "bsdtar": ["bsdtar", "-cf"],
    "GNU tar, gzip": ["tar", "-Sczf"],
    "GNU tar, zstd": ["tar", "--zstd", "-Scf"],
    "GNU tar, in this order": ["tar", "--sort=name", "-Scf"],
}


@pytest.mark.parametrize("argv", TARS.values(), ids=TARS.keys())
@pytest.mark.parametrize("names", [["."], ["web"], ["web/web.xml", "web/web.qcow2"]])
def test_what_other_programs_pack_is_read(
    tmp_path: Path, folder: Path, argv: list[str], names: list[str]
) -> None:
    if "ustar" in argv[1]:  # it has no sparse members, nor any of 8 GiB
        os.truncate(folder / "web.qcow2", 40 * MIB)
    where = folder if names == ["."] else tmp_path
    path = tmp_path / "bundle"
    subprocess.run([*argv, path, "-C", where, *names], check=True)

    unpacked = unpack_all(path, tmp_path / "out")

    assert set(unpacked) == {"web.xml", "web.qcow2"}
    assert unpacked["web.xml"].read_bytes() == XML
    original, copy = folder / "web.qcow2", unpacked["web.qcow2"]
    assert copy.stat().st_size == original.stat().st_size
    # The file system needs a few more for its own map of the file.
    assert copy.stat().st_blocks <= original.stat().st_blocks + 64
    with original.open("rb") as left, copy.open("rb") as right:
        assert left.read(41 * MIB) == right.read(41 * MIB)


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_pythons_tarfile_packs_is_read(tmp_path: Path, format_: int) -> None:
    name = "n" * 90 + ".xml" if format_ == tarfile.USTAR_FORMAT else "ü" * 100 + ".xml"
    path = tmp_path / "bundle"
    with tarfile.open(path, "w", format=format_) as archive:
        member = tarfile.TarInfo(f"a folder/{name}")
        member.size = len(XML)
        archive.addfile(member, io.BytesIO(XML))

    assert list(unpack_all(path, tmp_path / "out")) == [name]


def test_the_compression_is_known_by_content_and_not_by_name(tmp_path: Path) -> None:
    plain = make([("web.xml", XML)])
    several = gzip.compress(plain[:700]) + gzip.compress(plain[700:])
    frames = zstandard.compress(plain[:700]) + zstandard.compress(plain[700:])
    for index, data in enumerate([plain, gzip.compress(plain), several, frames]):
        path = tmp_path / f"{index}.jpeg"
        path.write_bytes(data)
        unpacked = unpack_all(path, tmp_path / f"out{index}")
        assert unpacked["web.xml"].read_bytes() == XML


def make(members: Iterable[tuple[str, bytes]], **fields: object) -> bytes:
    """Return a tar; fields such as ``type`` are set on every member."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for key, value in fields.items():
                setattr(member, key, value)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _patched(at: int, data: bytes) -> bytes:
    tar = bytearray(make([("web.xml", XML)]))
    tar[at : at + len(data)] = data
    checksum = sum(tar[:148]) + 8 * 32 + sum(tar[156:512])
    tar[148:156] = f"{checksum:06o}\0 ".encode()
    return bytes(tar)


def _sparse(
    numbers: Iterable[object],
    size: int = 10**6,
    records: Mapping[str, str] = MappingProxyType({}),
    content: bytes = b"",
) -> bytes:
    data = "".join(f"{number}\n" for number in numbers).encode()
    data += bytes(-len(data) % 512) + content
    return make(
        [("web.qcow2", data)],
        pax_headers={
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.realsize": str(size),
            **records,
        },
    )


def _endless_old_sparse() -> bytes:
    """Return an old GNU sparse member whose map goes on in blocks that have nothing in them."""
    member = tarfile.TarInfo("web.qcow2")
    member.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[482] = 1
    header[483:495] = b"0" * 11 + b"\0"
    header[148:156] = b" " * 8
    header[148:156] = f"{sum(header):06o}\0 ".encode()
    block = bytearray(512)
    block[504] = 1
    return bytes(header) + bytes(block) * 5000


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "an absolute name": (lambda: make([("/tmp/web.xml", XML)]), "leads out"),
    "a name that leads out": (lambda: make([("../web.xml", XML)]), "leads out"),
    "a name that leads out later": (lambda: make([("web/../../web.xml", XML)]), "leads out"),
    "a long name that leads out": (lambda: make([("../" + "n" * 200, XML)]), "leads out"),
    "a sparse name that leads out": (
        lambda: _sparse([0], records={"GNU.sparse.name": "/etc/passwd"}),
        "leads out",
    ),
    "a name with a line feed": (lambda: make([("a\nb.xml", XML)]), "impossible name"),
    "a name that is shown backwards": (
        lambda: make([("lmx.\u202e.exe", XML)]),
        "impossible name",
    ),
    "a very long name": (lambda: make([("n" * 2000, XML)]), "impossible name"),
    "folders in folders": (lambda: make([("a/b/web.xml", XML)]), "folders in folders"),
    "a member twice": (lambda: make([("web.xml", XML)] * 2), "twice"),
    "a member in two folders": (lambda: make([("a/w.xml", XML), ("b/w.xml", XML)]), "twice"),
    "a symbolic link": (lambda: make([("web.xml", b"")], type=b"2", linkname="/x"), "symbolic"),
    "a hard link": (lambda: make([("web.xml", b"")], type=b"1", linkname="/x"), "a hard link"),
    "a character device": (lambda: make([("web.xml", b"")], type=b"3"), "a device"),
    "a block device": (lambda: make([("web.xml", b"")], type=b"4"), "a device"),
    "a pipe": (lambda: make([("web.xml", b"")], type=b"6"), "a pipe"),
    "an unknown kind": (lambda: make([("web.xml", b"")], type=b"Z"), "something unknown"),
    "too many members": (lambda: make([(f"{n}.xml", XML) for n in range(65)]), "more or larger"),
    "a large text": (lambda: make([("w.xml", bytes(2 * MIB))]), "more or larger"),
    "a lot to be ignored": (
        lambda: make([(f"{n}.iso", bytes(9 * MIB)) for n in range(2)]),
        "more or larger",
    ),
    "a large PAX header": (
        lambda: make([("w.xml", XML)], pax_headers={"comment": "c" * 10**6}),
        "more or larger",
    ),
    "a disk of 2 EiB": (lambda: _patched(124, b"\x80" + (2**61).to_bytes(11, "big")), "larger"),
    "a size below zero": (lambda: _patched(124, b"\xff" * 12), "damaged"),
    "a size that is no number": (lambda: _patched(124, b"12345678x00\0"), "damaged"),
    "a size of letters": (
        lambda: make([("web.xml", XML)], pax_headers={"size": "many"}),
        "damaged",
    ),
    "a size of other digits": (
        lambda: make([("web.xml", XML)], pax_headers={"size": "²"}),
        "damaged",
    ),
    "a size of too many digits": (
        lambda: make([("web.xml", XML)], pax_headers={"size": "0" * 99 + "33"}),
        "damaged",
    ),
    "a wrong checksum": (lambda: b"x" + make([("web.xml", XML)])[1:], "damaged"),
    "a folder with content": (lambda: make([("web", XML)], type=b"5"), "damaged"),
    "one name for all members": (
        lambda: tarfile.TarInfo.create_pax_global_header({"path": "x"}) + make([("w.xml", XML)]),
        "damaged",
    ),
    "a cut in the data": (lambda: make([("w.qcow2", bytes(MIB))])[:10000], "ends too early"),
    "a cut before the end": (lambda: make([("web.xml", XML)])[:1024], "ends too early"),
    "a cut gzip": (lambda: gzip.compress(make([("w.qcow2", os.urandom(9999))]))[:5000], "unpacked"),
    "a cut zstd": (
        lambda: zstandard.compress(make([("w.qcow2", os.urandom(9999))]))[:5000],
        "ends too early",
    ),
    "a gzip with a wrong checksum": (
        lambda: gzip.compress(make([("web.xml", XML)]))[:-8] + bytes(8),
        "unpacked",
    ),
    "a gzip with a name of 17 MiB": (
        lambda: (
            gzip.compress(make([("w.qcow2", bytes(9999))])[:2048])
            + b"\x1f\x8b\x08\x08"
            + bytes(4)
            + b"\0\3"
            + b"n" * (17 * MIB)
        ),
        "unpacked",
    ),
    "a zstd that wants 2 GiB of memory": (
        lambda: b"\x28\xb5\x2f\xfd\0\xa8" + bytes(100),
        "unpacked",
    ),
    "a bomb behind the end": (
        lambda: gzip.compress(make([("web.xml", XML)]) + bytes(40 * MIB)),
        "damaged",
    ),
    "a sparse map backwards": (
        lambda: _sparse([2, 4096, 512, 0, 512], content=bytes(1024)),
        "damaged",
    ),
    "a sparse map behind the end": (
        lambda: _sparse([1, 10**6, 512], content=bytes(512)),
        "damaged",
    ),
    "a sparse map without end": (lambda: _sparse([10**6, *range(9999)]), "damaged"),
    "a sparse map of words": (lambda: _sparse([1, "x", "y"]), "damaged"),
    "a sparse map of huge numbers": (lambda: _sparse([1, 10**30, 1]), "damaged"),
    "a sparse map that promises data": (lambda: _sparse([1, 0, 4096]), "damaged"),
    "a sparse map of empty blocks": (_endless_old_sparse, "is damaged"),
    "a sparse file of 2 EiB": (lambda: _sparse([0], 2**61), "damaged"),
    "an unknown sparse form": (lambda: _sparse([0], records={"GNU.sparse.major": "7"}), "damaged"),
    "a text": (lambda: b"To whom it may concern\n" * 100, "damaged"),
    "nothing at all": (lambda: b"", "ends too early"),
}


@pytest.mark.parametrize(("make_it", "text"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_has_no_business_in_a_bundle_is_refused(
    tmp_path: Path, make_it: Callable[[], bytes], text: str
) -> None:
    path = tmp_path / "bundle"
    path.write_bytes(make_it())

    with pytest.raises(OperationError) as caught:
        unpack_all(path, tmp_path / "out")

    assert caught.value.cause is Cause.BAD_INPUT
    assert text in caught.value.summary
    written = sum(found.stat().st_size for found in (tmp_path / "out").iterdir())
    assert written <= layout.MAX_IGNORED_BYTES


def test_a_size_in_the_extended_header_counts(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_bytes(make([("web.xml", XML)], pax_headers={"size": str(len(XML))}))
    with reader.opening(tmp_path / "bundle", Job()) as archive:
        member = next(reader.members(archive))
        assert reader.read_all(archive, member) == XML


def test_a_description_with_holes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_bytes(_sparse([0], records={"GNU.sparse.name": "web.xml"}))
    with reader.opening(tmp_path / "bundle", Job()) as archive:
        member = next(reader.members(archive))
        with pytest.raises(OperationError, match="damaged"):
            reader.read_all(archive, member)


def test_a_comment_is_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    path.write_bytes(make([("web.xml", XML)], pax_headers={"comment": "c" * 5000}))
    with reader.opening(path, Job()) as archive:
        (member,) = reader.members(archive)
    assert member.comment == "c" * layout.MAX_NAME_BYTES


def test_devices_and_pipes_are_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path, tmp_path / "nowhere"):
        with pytest.raises(OperationError), reader.opening(path, Job()):
            pass


def test_unpacking_never_follows_a_link_or_writes_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").write_text("precious")
    for name in ("link", "file"):
        with pytest.raises(FileExistsError):
            extract.create_file(tmp_path / name)
    assert not (tmp_path / "elsewhere").exists()


def test_the_head_of_a_sparse_disk_is_put_together(tmp_path: Path, folder: Path) -> None:
    subprocess.run(["bsdtar", "-cf", tmp_path / "b", "-C", folder, "web.qcow2"], check=True)
    with reader.opening(tmp_path / "b", Job()) as archive:
        member = next(reader.members(archive))
        assert member.role is Role.DISK
        head = extract.read_head(archive, member, 3 * MIB + 5)
    with (folder / "web.qcow2").open("rb") as file:
        assert head == file.read(3 * MIB + 5)


@pytest.mark.parametrize(
    "arguments", [("-cf", "web-disk001.vmdk", "web.ovf"), ("-czf", "web.ovf", "web-disk001.vmdk")]
)
def test_an_ova_that_is_packed_like_no_other_is_refused_with_the_way_out(
    tmp_path: Path, arguments: tuple[str, str, str]
) -> None:
    (tmp_path / "web.ovf").write_text("<Envelope/>")
    with (tmp_path / "web-disk001.vmdk").open("wb") as disk:
        disk.truncate(MIB)
    how, *names = arguments
    subprocess.run(["tar", how, "web.ova", *names], cwd=tmp_path, check=True)
    with pytest.raises(OperationError, match="OVA") as error:
        unpack_all(tmp_path / "web.ova", tmp_path / "unpacked")
    assert error.value.cause is Cause.BAD_INPUT
    assert ".vmdk" in error.value.hint


def test_a_sparse_map_is_never_looked_for_behind_its_member(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_bytes(_sparse([5, 0, 512]))
    with (
        reader.opening(tmp_path / "bundle", Job()) as archive,
        pytest.raises(OperationError, match="damaged") as caught,
    ):
        next(reader.members(archive))
    assert caught.value.details == "the map of a sparse member"
