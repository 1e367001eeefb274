"""Check the programs and files that machines need, and what each of them gives."""

import os
import re
import shutil
from dataclasses import dataclass

from vmdesk.core import process
from vmdesk.core.doctor import packages
from vmdesk.core.doctor.finding import Finding, State, Surroundings
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError

_FIRMWARE = ("/usr/share/qemu/firmware", "/etc/qemu/firmware")
_MODULES = ("/usr/lib/*/qemu", "/usr/lib64/qemu", "/usr/lib/qemu")
_BRIDGE_HELPERS = ("/usr/lib/qemu/qemu-bridge-helper", "/usr/libexec/qemu-bridge-helper")

# passt has dates and hashes: 0.0~git20230309.7c7625d
_VERSION = re.compile(r"\d+\.[\w.~]*\w|\d{4}_\d\d_\d\d\.\w+")


@dataclass(frozen=True, slots=True)
class Part:
    """A program: its key among the packages, what it is for, and how bad its absence is."""

    name: str
    program: str
    gives: str
    missing: State


def parts() -> tuple[Part, ...]:
    """Return every program that is looked for."""
    emulator = f"qemu-system-{os.uname().machine}"
    return (
        Part("qemu-img", "qemu-img", _("makes, grows and converts disks"), State.BROKEN),
        Part("emulator", emulator, _("runs the machines"), State.BROKEN),
        Part("virt-viewer", "virt-viewer", _("shows their screens"), State.WARNING),
        Part("swtpm", "swtpm", _("gives a TPM, which Windows 11 wants"), State.WARNING),
        Part("passt", "passt", _("lets others reach machines without root"), State.WARNING),
    )


def program(part: Part, surroundings: Surroundings, job: Job) -> Finding:
    """Tell whether a program is there, its version, and what it gives."""
    if shutil.which(part.program) is None:
        return _missing(part.name, part.gives, part.missing, surroundings)
    try:
        version = _version(part.program, job)
    except OperationError as error:
        meaning = _("It is installed, but does not run; it {gives}.").format(gives=part.gives)
        advice = _("Install it anew: {packages}.").format(packages=packages.names(part.name))
        return Finding(part.name, part.missing, meaning, (), error.details, advice)
    meaning = _("Version {version}; it {gives}.").format(version=version, gives=part.gives)
    if not version:
        meaning = _("It is installed; it {gives}.").format(gives=part.gives)
    return Finding(part.name, State.GOOD, meaning)


def firmware(surroundings: Surroundings) -> Finding:
    """Tell whether there is UEFI firmware, by the descriptions that libvirt chooses from.

    https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/firmware.json
    """
    files = [file for f in _FIRMWARE for file in sorted(surroundings.path(f).glob("*.json"))]
    found = [f for f in files if '"uefi"' in f.read_text(encoding="utf-8", errors="replace")]
    gives = _("starts modern guests, and Windows 11")
    if not found:
        return _missing("firmware", gives, State.WARNING, surroundings)
    meaning = _("It is installed; it {gives}.").format(gives=gives)
    return Finding("firmware", State.GOOD, meaning)


def spice(surroundings: Surroundings) -> Finding:
    """Tell whether the emulator has SPICE, where that comes as a module of its own."""
    folders = [
        folder
        for pattern in _MODULES
        for folder in surroundings.root.glob(pattern.lstrip("/"))
        if any(folder.glob("*.so"))
    ]
    gives = _("shares clipboard, sound and USB devices with a guest")
    if not folders:
        meaning = _("The emulator has no modules, of which SPICE would be one; it {gives}.")
        return Finding("spice", State.UNCHECKED, meaning.format(gives=gives))
    if not any((folder / "chardev-spice.so").exists() for folder in folders):
        return _missing("spice", gives, State.WARNING, surroundings)
    meaning = _("The emulator has it: it {gives}.").format(gives=gives)
    return Finding("spice", State.GOOD, meaning)


def bridge_helper(surroundings: Surroundings) -> Finding:
    """Tell whether machines of a user can join a bridge of the host."""
    check = "bridge helper"
    helper = next((p for p in map(surroundings.path, _BRIDGE_HELPERS) if p.exists()), None)
    if helper is None:
        meaning = _("It is not installed; your own machines can’t join a bridge of this computer.")
        return Finding(check, State.UNNEEDED, meaning)
    allowed = [
        line
        for line in surroundings.text("/etc/qemu/bridge.conf").splitlines()
        if line.startswith(("allow", "include"))
    ]
    is_set_up = helper.stat().st_mode & 0o4000 != 0 and allowed
    if is_set_up:
        meaning = _("Your own machines can join a bridge of this computer: {rules}.")
        return Finding(check, State.GOOD, meaning.format(rules=", ".join(allowed)))
    meaning = _(
        "It is not set up, so only the system’s machines can join a bridge; the user network "
        "needs none."
    )
    return Finding(check, State.UNNEEDED, meaning)


def _missing(name: str, gives: str, state: State, surroundings: Surroundings) -> Finding:
    meaning = _("It is missing; it {gives}.").format(gives=gives)
    mends = packages.install(name, surroundings.root)
    if not mends:
        meaning = _("It is missing; it {gives}, and is in {packages}.").format(
            gives=gives, packages=packages.names(name)
        )
    return Finding(name, state, meaning, mends)


def _version(program_name: str, job: Job) -> str:
    """Return the version in the first line, or nothing: Debian's passt does not know its own."""
    first = process.run([program_name, "--version"], job).partition("\n")[0]
    found = _VERSION.search(first)
    return found[0] if found is not None else ""
