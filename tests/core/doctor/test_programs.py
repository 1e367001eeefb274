"""Programs, firmware and modules: there with a version, or missing with a package."""

from pathlib import Path

import pytest

from tests.core.doctor.conftest import Examine, put
from vmdesk.core.doctor import packages, programs
from vmdesk.core.doctor.finding import State
from vmdesk.core.doctor.programs import Part
from vmdesk.core.job import Job

PARTS = {part.name: part for part in programs.parts()}


@pytest.mark.parametrize("name", ["qemu-img", "emulator", "virt-viewer"])
def test_a_program_that_is_there_tells_its_version(examined: Examine, name: str) -> None:
    found = programs.program(PARTS[name], examined(), Job())
    assert found.state is State.GOOD
    assert found.meaning.startswith("Version ")
    assert PARTS[name].gives in found.meaning


@pytest.mark.parametrize("part", PARTS.values(), ids=str)
def test_a_missing_program_can_be_installed(
    examined: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, part: Part
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = programs.program(part, examined(), Job())
    assert found.state is part.missing is not State.GOOD
    assert part.gives in found.meaning
    assert found.mends


def test_a_program_that_does_not_run_is_as_bad_as_a_missing_one(
    examined: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(tmp_path, "/qemu-img", "#!/bin/sh\necho libaio.so.1: no such file >&2; exit 127\n").chmod(
        0o700
    )
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    found = programs.program(PARTS["qemu-img"], examined(), Job())
    assert found.state is State.BROKEN
    assert "does not run" in found.meaning
    assert "libaio.so.1" in found.details
    assert "qemu-utils (Debian, Ubuntu)" in found.advice


def test_firmware_is_found_by_its_descriptions(examined: Examine, tmp_path: Path) -> None:
    assert programs.firmware(examined()).state is State.GOOD
    put(tmp_path, "/usr/share/qemu/firmware/10-bios.json", '{"interface-types": ["bios"]}')
    found = programs.firmware(examined(root=tmp_path))
    assert found.state is State.WARNING
    assert "ovmf (Debian, Ubuntu)" in found.meaning


def test_spice_is_looked_for_where_it_is_a_module(examined: Examine, tmp_path: Path) -> None:
    assert programs.spice(examined()).state is State.GOOD
    assert programs.spice(examined(root=tmp_path)).state is State.UNCHECKED
    put(tmp_path, "/usr/lib/x86_64-linux-gnu/qemu/ui-gtk.so")
    assert programs.spice(examined(root=tmp_path)).state is State.WARNING


def test_the_bridge_helper_tells_who_can_use_a_bridge(examined: Examine, tmp_path: Path) -> None:
    assert "not installed" in programs.bridge_helper(examined(root=tmp_path)).meaning
    helper = put(tmp_path, "/usr/lib/qemu/qemu-bridge-helper")
    assert "not set up" in programs.bridge_helper(examined(root=tmp_path)).meaning
    put(tmp_path, "/etc/qemu/bridge.conf", "# mine\nallow br0\n")
    helper.chmod(0o4755)
    assert "allow br0" in programs.bridge_helper(examined(root=tmp_path)).meaning


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ("ID=debian\n", "apt-get install -y swtpm-tools"),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'\n", "apt-get install -y swtpm-tools"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf install -y swtpm-tools"),
        ("ID=arch\n", "pacman -S --noconfirm swtpm"),
        ('ID="opensuse-tumbleweed"\n', "zypper --non-interactive install swtpm"),
    ],
)
def test_each_distribution_has_its_own_command(
    examined: Examine, tmp_path: Path, release: str, command: str
) -> None:
    put(tmp_path, "/etc/os-release", release)
    (mend,) = packages.install("swtpm", tmp_path)
    assert mend.shown.endswith(command)


def test_an_unknown_distribution_is_told_all_names(examined: Examine, tmp_path: Path) -> None:
    put(tmp_path, "/etc/os-release", "ID=plan9\n")
    assert packages.install("swtpm", tmp_path) == ()
    assert "swtpm (Arch, openSUSE)" in packages.names("swtpm")


def test_every_package_is_named_for_every_distribution() -> None:
    assert {frozenset(names) for names in packages.PACKAGES.values()} == {
        frozenset({"debian", "ubuntu", "fedora", "arch", "opensuse"})
    }
