"""The console is a real virt-viewer on a real X server: one for each machine, and on its own."""

import os
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.operations import token_machine
from vmdesk.core import viewer
from vmdesk.core.host import Host
from vmdesk.core.job import Job, OperationError

pytestmark = pytest.mark.hypervisor

SCREEN = """
  <graphics type='vnc' autoport='yes'><listen type='address' address='127.0.0.1'/></graphics>
  <video><model type='virtio'/></video>"""


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An X server of this test's own."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, pass_fds=[writing], stderr=quiet) as server:
        os.close(writing)
        with open(reading) as number:  # noqa: PTH123 - a descriptor, not a path
            monkeypatch.setenv("DISPLAY", f":{number.readline().strip()}")
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield
        server.terminate()


@pytest.fixture
def uuid(private_host: Host, tmp_path: Path) -> str:
    disk = token_machine.make_raw(tmp_path / "disk.img", "token")
    domain = token_machine.define(private_host, "shown", [(disk, "raw")], devices=SCREEN)
    domain.create()
    return str(domain.UUIDString())


def xdotool(*arguments: str) -> str:
    command = ["timeout", "20", "xdotool", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def window() -> str:
    """Wait for the machine's window and return its number."""
    return xdotool("search", "--sync", "--onlyvisible", "--name", "^shown ").split()[0]


def windows() -> list[str]:
    return xdotool("search", "--onlyvisible", "--name", "^shown ").split()


def close(number: str) -> None:
    """Take the window away, and wait until virt-viewer has ended with it."""
    process = os.pidfd_open(int(xdotool("getwindowpid", number)))
    try:
        xdotool("windowkill", number)
        ended, _, _ = select.select([process], [], [], 20)
        assert ended, "virt-viewer goes on without its window"
    finally:
        os.close(process)


def test_a_window_opens_once_and_again_after_it_was_closed(
    private_host: Host, uuid: str, screen: None
) -> None:
    assert viewer.open_console(private_host.uri, uuid, Job())
    first = window()
    assert not viewer.open_console(private_host.uri, uuid, Job())
    assert windows() == [first]
    pid = xdotool("getwindowpid", first).strip()
    close(first)
    for reaper in [thread for thread in threading.enumerate() if thread.name.endswith(f" {pid}")]:
        reaper.join(20)
    assert not Path(f"/proc/{pid}").exists(), "virt-viewer is a zombie"
    assert viewer.open_console(private_host.uri, uuid, Job())
    close(window())


def test_the_window_outlives_the_program_that_opened_it(
    private_host: Host, uuid: str, screen: None
) -> None:
    command = [sys.executable, "-m", "vmdesk.cli", "--connect", private_host.uri, "console", uuid]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "Opened the console.\n"
    number = window()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "The console is open already.\n"
    close(number)


def test_without_a_screen_the_words_of_virt_viewer_are_told(
    private_host: Host, uuid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    for _attempt in range(2):
        with pytest.raises(OperationError, match="could not open its window") as caught:
            viewer.open_console(private_host.uri, uuid, Job())
        assert "display" in caught.value.details.lower()


def test_without_virt_viewer_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperationError, match="not installed") as caught:
        viewer.open_console("qemu:///session", "no-matter", Job())
    assert "package virt-viewer" in caught.value.hint
