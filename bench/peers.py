"""The programs that vmdesk is compared with, from Debian's packages, and their versions."""

import platform
import shutil
import subprocess
import sys

PACKAGES = {
    "cp": "coreutils",
    "curl": "curl",
    "gnome-boxes": "gnome-boxes",
    "pigz": "pigz",
    "tar": "tar",
    "virsh": "libvirt-clients",
    "virt-install": "virtinst",
    "virt-manager": "virt-manager",
    "wget": "wget",
    "zstd": "zstd",
}
"""Each program, and the package that it comes in."""

_OTHERS = ("libvirt-daemon", "qemu-system-x86", "xvfb")
_PYTHON_PACKAGES = ("PySide6-Essentials", "isal", "libvirt-python", "zstandard")


def is_here(program: str) -> bool:
    """Say whether a program can be run; if not, say what to install."""
    if shutil.which(program) is not None:
        return True
    print(f"  {program} is not here, and is skipped: apt-get install {PACKAGES[program]}")
    return False


def versions() -> list[str]:
    """Return one line for each program that takes part, itself in the first."""
    from importlib.metadata import version

    lines = [f"vmdesk {version('vmdesk')}, Python {sys.version.split()[0]}"]
    lines += [f"{name} {version(name)}" for name in _PYTHON_PACKAGES]
    lines.append(f"Linux {platform.release()}")
    for package in sorted({*PACKAGES.values(), *_OTHERS}):
        show = ["dpkg-query", "-W", "-f", "${Version}", package]
        found = subprocess.run(show, capture_output=True, text=True, check=False)
        lines.append(f"{package} {found.stdout.strip() or 'not installed'}")
    return lines
