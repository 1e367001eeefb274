"""What QEMU, qemu-img and the file system really say, and what of it a user is told."""

import os
import resource
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.operations.small_machine import make_disk
from vmdesk.core import causes

ONLY_USERS = pytest.mark.skipif(os.geteuid() == 0, reason="root is denied nothing")


def said_by(*argv: object, limit: int = 0) -> str:
    """Return the name of the cause in what a program says as it fails."""

    def bound() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [str(part) for part in argv],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=bound,
        timeout=30,
    )
    assert done.returncode != 0
    known = causes.of_program(done.stderr)
    assert known is not None, done.stderr
    return known.key


def qemu(*argv: object) -> str:
    return said_by("qemu-system-x86_64", "-nodefaults", "-display", "none", "-S", "-m", "16", *argv)


def damaged(folder: Path, name: str, at: int, value: int) -> Path:
    """Return a qcow2 whose header has ``value`` in the eight bytes at ``at``."""
    path = make_disk(folder / name)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(value.to_bytes(8, "big"))
    return path


def test_what_qemu_says_of_images(tmp_path: Path) -> None:
    open_it = "file={},format=qcow2"
    corrupt = damaged(tmp_path, "corrupt", 72, 2)
    newer = damaged(tmp_path, "newer", 72, 1 << 40)
    junk = tmp_path / "junk"
    junk.write_bytes(b"junk" * 20000)
    assert qemu("-drive", open_it.format(corrupt)) == "image corrupt"
    assert qemu("-drive", open_it.format(newer)) == "image too new"
    assert qemu("-drive", open_it.format(junk)) == "not that format"
    assert qemu("-drive", f"file={tmp_path},format=raw") == "a folder"
    assert qemu("-drive", f"file={tmp_path}/none,format=raw") == "disk missing"


@ONLY_USERS
def test_an_image_that_qemu_may_not_read(tmp_path: Path) -> None:
    disk = make_disk(tmp_path / "closed.qcow2")
    disk.chmod(0)
    assert qemu("-drive", f"file={disk},format=qcow2") == "permission denied"


def test_what_qemu_says_of_the_computer(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chardev = f"socket,id=c,server=on,wait=off,host=127.0.0.1,port={port}"
        assert qemu("-chardev", chardev) == "port taken"
        assert qemu("-spice", f"addr=127.0.0.1,port={port},disable-ticketing=on") == "port taken"
    assert qemu("-vnc", "203.0.113.1:1") == "address not here"
    assert qemu("-m", "64T", "-machine", "q35") == "no memory"
    assert qemu("-cpu", "Nonsense") == "cpu unknown"
    assert qemu("-kernel", "/nowhere/vmlinuz") == "kernel missing"
    assert qemu("-blockdev", "file,node-name=f,filename=/nowhere/OVMF_CODE.fd") == "no firmware"
    assert qemu("-chardev", "socket,id=c,path=/nowhere/socket") == "socket missing"
    shared = "local,id=fs,path=/nowhere,security_model=none"
    assert qemu("-fsdev", shared, "-device", "virtio-9p-pci,fsdev=fs,mount_tag=x") == (
        "shared folder missing"
    )


@pytest.mark.skipif(os.access("/dev/kvm", os.R_OK | os.W_OK), reason="KVM is open to this user")
def test_what_qemu_says_without_kvm() -> None:
    assert qemu("-accel", "kvm") == "no kvm"


def test_what_qemu_img_says(tmp_path: Path) -> None:
    disk = make_disk(tmp_path / "disk.qcow2")
    short = tmp_path / "short"
    short.write_bytes(disk.read_bytes()[:60])
    new = tmp_path / "new"
    info = ("qemu-img", "info", "-f", "qcow2")
    make = ("qemu-img", "create", "-q", "-f", "qcow2")
    convert = ("qemu-img", "convert", "-f", "qcow2")
    assert said_by(*info, short) == "image cut off"
    assert said_by(*info, tmp_path / "none.iso") == "iso missing"
    assert said_by("qemu-img", "create", "-f", "nonsense", new, "1M") == "format unknown"
    assert said_by(*make, "-b", tmp_path / "base", "-F", "qcow2", new) == "backing file missing"
    assert said_by("qemu-img", "resize", "-f", "qcow2", disk, "1M") == "would shrink"
    assert said_by(*convert, "-O", "qcow2", disk, "/dev/full") == "no room"
    assert said_by(*convert, "-O", "raw", "-S", "0", disk, new, limit=9000) == "file too large"
    if os.geteuid() != 0:
        assert said_by(*make, "/usr/new.qcow2", "1M") == "not yours"


def system_cause(deed: Callable[[], object]) -> str:
    with pytest.raises(OSError, match=r"Errno") as caught:
        deed()
    known = causes.of_system(caught.value)
    assert known is not None
    return known.key


def test_what_the_file_system_says(tmp_path: Path) -> None:
    def fill() -> None:
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(b"x")

    def read_badly() -> None:
        with Path("/proc/self/mem").open("rb", buffering=0) as file:
            file.read(1)

    def open_many() -> None:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
        try:
            (tmp_path / "one-more").open("wb").close()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert system_cause(fill) == "no room"
    assert system_cause(read_badly) == "disk failing"
    assert system_cause(open_many) == "too many files"
    assert system_cause((tmp_path / ("x" * 300)).touch) == "name too long"
    assert system_cause((tmp_path / "no" / "folder").touch) == "folder missing"


@ONLY_USERS
def test_a_file_that_is_somebody_elses(tmp_path: Path) -> None:
    assert system_cause(Path("/usr/new").touch) == "not yours"
