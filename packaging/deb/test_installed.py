"""A person uses the installed vmdesk: in the fresh Debian of try-installed, with what that has."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import gi
import pytest

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402 (its version has to be named before)

HOME = Path.home()
PATIENCE = 40
"""Seconds after which something that has to happen has not."""
MACHINE = """
<domain type='qemu'>
  <name>{name}</name><memory unit='MiB'>64</memory>
  <os><type>hvm</type></os>
  <devices><graphics type='vnc'/><video><model type='vga'/></video></devices>
</domain>"""
BUNDLE = "application/x-vmdesk-bundle"
USUAL = (
    "/usr/bin/vmdesk",
    "/usr/lib/vmdesk/",
    "/usr/share/applications/",
    "/usr/share/doc/vmdesk/",
    "/usr/share/icons/hicolor/",
    "/usr/share/lintian/overrides/",
    "/usr/share/man/man1/",
    "/usr/share/metainfo/",
    "/usr/share/mime/packages/",
    "/usr/share/bash-completion/completions/",
    "/usr/share/fish/vendor_completions.d/",
    "/usr/share/zsh/vendor-completions/",
)
COMPLETIONS = (
    "bash-completion/completions/{}",
    "fish/vendor_completions.d/{}.fish",
    "zsh/vendor-completions/_{}",
)
BUTTON = Atspi.Role.PUSH_BUTTON
PAGE = "Import “second.vm.tar”"


def run(*command: str | Path, **environment: str) -> str:
    """Run a program that has to succeed, and return what it says."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def virsh(*arguments: str | Path) -> str:
    return run("virsh", "-q", "-c", "qemu:///session", *arguments)


def define(name: str) -> None:
    description = HOME / f"{name}.xml"
    description.write_text(MACHINE.format(name=name))
    virsh("define", description)


def wait(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    run("scrot", "--overwrite", HOME / "failed.png")
    raise AssertionError(f"waited in vain for {what}; on screen: {spoken()}")


def items() -> Iterator[Any]:
    """All that a screen reader finds in vmdesk's windows; what goes meanwhile is left out."""
    waiting = [item for item in _children(Atspi.get_desktop(0)) if name_of(item) == "vmdesk"]
    while waiting:
        item = waiting.pop()
        yield item
        waiting.extend(_children(item))


def _children(item: Any) -> list[Any]:
    with suppress(GLib.GError):
        found = [item.get_child_at_index(index) for index in range(item.get_child_count())]
        return [child for child in found if child is not None]
    return []


def name_of(item: Any) -> str:
    with suppress(GLib.GError):
        return str(item.get_name())
    return ""


def spoken() -> list[str]:
    return [name_of(item) for item in items()]


def says(text: str) -> bool:
    return any(text in words for words in spoken())


def button(name: str) -> Any:
    """A button by what is on it, or None as long as there is none."""
    with suppress(GLib.GError):
        return next((i for i in items() if name_of(i) == name and i.get_role() == BUTTON), None)


def press(name: str) -> None:
    found = wait(lambda: button(name), f"the button “{name}”")
    # It may be gone with its window before it answers.
    with suppress(GLib.GError):
        found.do_action(0)


def start(*command: str, **environment: str) -> subprocess.Popen[bytes]:
    """Start what a screen reader is to look into."""
    wanted = {"QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
    return subprocess.Popen(command, env=os.environ | wanted | environment)


def vmdesk() -> int:
    """The one process that is vmdesk."""
    return int(run("pgrep", "--exact", "vmdesk"))


@pytest.fixture(scope="module")
def window() -> Iterator[int]:
    """The process of the window that the desktop starts; of two machines, one runs."""
    define("first")
    define("second")
    virsh("start", "first")
    start("gio", "launch", "/usr/share/applications/vmdesk.desktop").wait(PATIENCE)
    window_process = vmdesk()
    yield window_process
    os.kill(window_process, signal.SIGTERM)
    virsh("destroy", "first")


@pytest.fixture(scope="module")
def bundle(window: int) -> Path:
    run("vmdeskctl", "export", "second", "-o", HOME / "second.vm.tar")
    return HOME / "second.vm.tar"


def test_the_package_is_small_and_in_the_usual_places() -> None:
    assert Path("/tmp/vmdesk.deb").stat().st_size < 120 * 1024**2
    assert int(run("dpkg-query", "-W", "-f", "${Installed-Size}", "vmdesk")) < 350 * 1024
    files = [path for path in map(Path, run("dpkg", "-L", "vmdesk").splitlines()) if path.is_file()]
    unusual = [file for file in files if not str(file).startswith(USUAL)]
    assert unusual == []


def test_manuals_and_completions_are_there() -> None:
    for program in ("vmdesk", "vmdeskctl"):
        assert run("man", "-w", program).endswith(f"{program}.1.gz")
        for completion in COMPLETIONS:
            assert Path("/usr/share", completion.format(program)).is_file()


def test_it_speaks_other_languages() -> None:
    told = run("vmdeskctl", "list", "--help", LANGUAGE="de", LANG="C.UTF-8")
    assert "alle Maschinen auflisten" in told


def test_the_window_lists_the_machines(window: int) -> None:
    wait(lambda: says("first"), "the first machine")
    wait(lambda: says("second"), "the second machine")
    wait(lambda: says("Running"), "the state of the one that runs")


def test_what_virsh_does_shows(window: int) -> None:
    began = time.monotonic()
    virsh("suspend", "first")
    wait(lambda: says("Paused"), "the event of a change")
    define("third")
    wait(lambda: says("third"), "the event of a new machine")
    virsh("undefine", "third")
    wait(lambda: not says("third"), "the event of a machine's end")
    assert time.monotonic() - began < 5


def test_a_picture_of_it_can_be_taken(window: int) -> None:
    virsh("resume", "first")
    wait(lambda: says("Running"), "the machine to go on")
    if says("Doctor"):  # which comes where KVM is missing
        press("Close")
        wait(lambda: not says("Doctor"), "the doctor to go")
    run("scrot", "--overwrite", HOME / "installed.png")


@pytest.mark.parametrize("name", ["second.vm.tar", "second.vm.tar.gz", "second.vm.tar.zst"])
def test_a_bundle_is_for_vmdesk_to_open(name: str, bundle: Path) -> None:
    (HOME / name).touch()
    assert run("xdg-mime", "query", "filetype", HOME / name) == BUNDLE
    assert run("xdg-mime", "query", "default", BUNDLE) == "vmdesk.desktop"
    assert f"Default application for “{BUNDLE}”: vmdesk.desktop" in run("gio", "mime", BUNDLE)


def test_a_bundle_is_known_by_what_is_in_it(bundle: Path) -> None:
    nameless = HOME / "nameless"
    shutil.copy(bundle, nameless)
    assert run("xdg-mime", "query", "filetype", nameless) == BUNDLE


@pytest.mark.parametrize("opener", ["xdg-open", "gio open"])
def test_a_bundle_opens_in_the_window_that_runs(window: int, bundle: Path, opener: str) -> None:
    opening = subprocess.Popen([*opener.split(), bundle])
    wait(lambda: says(PAGE), "the page of the import")
    assert opening.wait(PATIENCE) == 0
    assert vmdesk() == window
    press("Cancel")
    wait(lambda: not says(PAGE), "the page to close")


def test_it_runs_under_wayland(window: int) -> None:
    node = HOME / "node.xml"
    node.write_text(f"<node>{MACHINE.format(name='composed').replace('qemu', 'test')}</node>")
    session = {"WAYLAND_DISPLAY": "wl", "XDG_SESSION_TYPE": "wayland", "DISPLAY": ""}
    compositor = start("weston", "--backend=headless-backend.so", "--socket=wl", "--log=/tmp/log")
    wait((Path(os.environ["XDG_RUNTIME_DIR"]) / "wl").exists, "the compositor")
    program = start("vmdesk", "--connect", f"test://{node}", **session)
    try:
        wait(lambda: says("composed"), "the machine of libvirt's test driver")
        libraries = Path(f"/proc/{program.pid}/maps").read_text()
    finally:
        for process in (program, compositor):
            process.terminate()
            process.wait(PATIENCE)
    assert "libxdg-shell.so" in libraries
    assert "libqxcb.so" not in libraries
