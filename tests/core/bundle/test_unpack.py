"""Where the members of a bundle go, and what QEMU has to say of its disks."""

import subprocess
from pathlib import Path

import pytest

from vmdesk.core.bundle import unpack
from vmdesk.core.formatting import MIB
from vmdesk.core.image.header_other import ImageHeader
from vmdesk.core.job import Cause, Job, OperationError


def _image(path: Path, *options: str) -> Path:
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", *options, str(path), "1M"]
    subprocess.run(argv, check=True)
    return path


@pytest.mark.parametrize("options", [(), ("--gzip",)], ids=["plain", "gzip"])
def test_what_belongs_to_no_machine_is_named_and_not_unpacked(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    (tmp_path / "web.xml").write_text("<domain/>")
    (tmp_path / "README").write_text("Call Ann.")
    disk = _image(tmp_path / "web.qcow2")
    path, folder = tmp_path / "bundle", tmp_path / "out"
    names = ["web.xml", "README", disk.name]
    subprocess.run(["tar", *options, "-cf", path, "-C", tmp_path, *names], check=True)
    folder.mkdir()

    unpacked = unpack.unpack(path, folder, Job())

    assert unpacked.contents.others == ["README"]
    assert set(unpacked.contents.members) == set(names)
    assert list(unpacked.files) == [disk.name]
    assert list(folder.iterdir()) == [unpacked.files[disk.name]]
    assert unpacked.files[disk.name].read_bytes() == disk.read_bytes()


@pytest.mark.parametrize("kind", ["backing", "data"])
def test_a_file_that_only_qemu_finds_behind_an_image_is_refused_too(
    tmp_path: Path, kind: str
) -> None:
    other = tmp_path / "other"
    other.write_bytes(bytes(MIB))
    options = {"backing": ("-b", str(other), "-F", "raw"), "data": ("-o", f"data_file={other}")}
    header = ImageHeader("qcow2", MIB)
    unpack.check_image(_image(tmp_path / "sound"), header, "web.qcow2", Job())
    with pytest.raises(OperationError, match="based on another file") as caught:
        unpack.check_image(_image(tmp_path / "disk", *options[kind]), header, "web.qcow2", Job())
    assert caught.value.cause is Cause.BAD_INPUT
