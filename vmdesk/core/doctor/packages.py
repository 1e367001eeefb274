"""Which package has what, on the distributions that vmdesk is made for."""

from pathlib import Path

from vmdesk.core.i18n import _
from vmdesk.core.mend import Mend, as_root

_LIKE = {
    "debian": "debian",
    "ubuntu": "ubuntu",
    "fedora": "fedora",
    "rhel": "fedora",
    "arch": "arch",
    "suse": "opensuse",
    "opensuse": "opensuse",
}
"""What a distribution calls itself or its model in os-release, and whose packages it has."""

_INSTALL = {
    "debian": ("apt-get", "install", "-y"),
    "ubuntu": ("apt-get", "install", "-y"),
    "fedora": ("dnf", "install", "-y"),
    "arch": ("pacman", "-S", "--noconfirm"),
    "opensuse": ("zypper", "--non-interactive", "install"),
}

_CALLED = {
    "debian": "Debian",
    "ubuntu": "Ubuntu",
    "fedora": "Fedora",
    "arch": "Arch",
    "opensuse": "openSUSE",
}

PACKAGES = {
    "libvirt": {
        "debian": "libvirt-daemon-system",
        "ubuntu": "libvirt-daemon-system",
        "fedora": "libvirt-daemon-kvm",
        "arch": "libvirt",
        "opensuse": "libvirt-daemon-qemu",
    },
    "qemu-img": {
        "debian": "qemu-utils",
        "ubuntu": "qemu-utils",
        "fedora": "qemu-img",
        "arch": "qemu-img",
        "opensuse": "qemu-img",
    },
    "emulator": {
        "debian": "qemu-system-x86",
        "ubuntu": "qemu-system-x86",
        "fedora": "qemu-kvm",
        "arch": "qemu-base",
        "opensuse": "qemu-x86",
    },
    "virt-viewer": dict.fromkeys(_INSTALL, "virt-viewer"),
    "firmware": {
        "debian": "ovmf",
        "ubuntu": "ovmf",
        "fedora": "edk2-ovmf",
        "arch": "edk2-ovmf",
        "opensuse": "qemu-ovmf-x86_64",
    },
    "swtpm": {
        "debian": "swtpm-tools",
        "ubuntu": "swtpm-tools",
        "fedora": "swtpm-tools",
        "arch": "swtpm",
        "opensuse": "swtpm",
    },
    "spice": {
        "debian": "qemu-system-modules-spice",
        "ubuntu": "qemu-system-modules-spice",
        "fedora": "qemu-char-spice",
        "arch": "qemu-chardev-spice",
        "opensuse": "qemu-spice",
    },
    "passt": dict.fromkeys(_INSTALL, "passt"),
    "default network": {
        "debian": "libvirt-daemon-system",
        "ubuntu": "libvirt-daemon-system",
        "fedora": "libvirt-daemon-config-network",
        "arch": "libvirt",
        "opensuse": "libvirt-daemon-config-network",
    },
}
"""For each thing that a machine may need, its package on each distribution."""


def distribution(root: Path = Path("/")) -> str:
    """Return whose packages the system has, or nothing where it is none that is known.

    https://www.freedesktop.org/software/systemd/man/latest/os-release.html
    """
    texts = (_text(root / name) for name in ("etc/os-release", "usr/lib/os-release"))
    text = next(filter(None, texts), "")
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    names = f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".replace('"', "").replace("'", "")
    for name in names.lower().split():
        for part in (name, name.partition("-")[0]):
            if part in _LIKE:
                return _LIKE[part]
    return ""


def install(what: str, root: Path = Path("/")) -> tuple[Mend, ...]:
    """Return the mend that installs ``what``, a key of ``PACKAGES``; none on an unknown system."""
    name = distribution(root)
    if not name:
        return ()
    package = PACKAGES[what][name]
    return (as_root(_("Install {package}").format(package=package), *_INSTALL[name], package),)


def names(what: str) -> str:
    """Return the packages of ``what`` on all distributions, for a system that is none of them."""
    by_name: dict[str, list[str]] = {}
    for where, package in PACKAGES[what].items():
        by_name.setdefault(package, []).append(_CALLED[where])
    return ", ".join(f"{package} ({', '.join(where)})" for package, where in by_name.items())


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
