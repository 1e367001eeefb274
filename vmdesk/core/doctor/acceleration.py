"""Check whether guests run on the processor itself: KVM, its device, and that it really works."""

import os
import shutil
from pathlib import Path

import libvirt

from vmdesk.core.capabilities import MACHINE
from vmdesk.core.doctor import trial
from vmdesk.core.doctor.finding import Finding, State, Surroundings
from vmdesk.core.doctor.reach import reached
from vmdesk.core.i18n import _
from vmdesk.core.job import Job
from vmdesk.core.mend import as_root, user_name


def processor(surroundings: Surroundings) -> Finding:
    """Tell whether the processor says that it can run guests."""
    text = surroundings.text("/proc/cpuinfo")
    words = set(text.split())
    flag = next((name for name in ("vmx", "svm") if name in words), None)
    if flag is not None:
        meaning = _("The processor has what virtual machines need ({flag}).").format(flag=flag)
        return Finding("processor", State.GOOD, meaning)
    if os.uname().machine not in ("x86_64", "i686"):
        meaning = _("This kind of processor announces virtualization in no list.")
        return Finding("processor", State.UNCHECKED, meaning)
    if "hypervisor" in words:
        meaning = _(
            "The host of this virtual computer passes no virtualization on, so machines run many "
            "times slower until “nested” is turned on there."
        )
    else:
        meaning = _(
            "Machines run many times slower until VT-x or AMD-V is turned on in the computer’s "
            "firmware."
        )
    return Finding("processor", State.WARNING, meaning)


def module(surroundings: Surroundings) -> Finding:
    """Tell whether the kernel's part of KVM is loaded, and whether guests may have guests."""
    folder = surroundings.path("/sys/module")
    loaded = sorted(path.name for path in folder.glob("kvm*"))
    if not loaded:
        vendor = "kvm_amd" if "AuthenticAMD" in surroundings.text("/proc/cpuinfo") else "kvm_intel"
        mend = as_root(_("Load the module"), "modprobe", vendor)
        meaning = _("The kernel’s module for KVM is not loaded, so machines run many times slower.")
        return Finding("module", State.BROKEN, meaning, (mend,))
    nested = [surroundings.text(f"/sys/module/{name}/parameters/nested") for name in loaded]
    can_nest = any(text.strip() in ("Y", "1") for text in nested)
    meaning = _("{modules} are loaded, and guests can’t have guests.")
    if can_nest:
        meaning = _("{modules} are loaded, and guests can have guests.")
    return Finding("module", State.GOOD, meaning.format(modules=", ".join(loaded)))


def device(surroundings: Surroundings) -> Finding:
    """Tell whether ``/dev/kvm`` is there and open to whoever runs the machines."""
    path = surroundings.path("/dev/kvm")
    if not path.exists():
        meaning = _("There is no /dev/kvm, so machines run many times slower.")
        return Finding("device", State.BROKEN, meaning)
    if os.access(path, os.R_OK | os.W_OK):
        return Finding("device", State.GOOD, _("{user} may use it.").format(user=user_name()))
    if not surroundings.is_session:
        meaning = _("{user} may not use it, but the system’s machines run as another user.")
        return Finding("device", State.UNNEEDED, meaning.format(user=user_name()))
    mend = as_root(_("Join the group “kvm”"), "usermod", "-a", "-G", "kvm", user_name())
    # A group that may not use it either would not help by being joined.
    helps = path.stat().st_mode & 0o060 == 0o060 and path.group() == "kvm"
    if not helps:
        mend = as_root(_("Open it until the next boot"), "chmod", "0666", "/dev/kvm")
    meaning = _("{user} may not use it, so your machines run many times slower.")
    return Finding("device", State.BROKEN, meaning.format(user=user_name()), (mend,))


def offered(surroundings: Surroundings) -> Finding:
    """Tell whether libvirt, whose machines run as somebody else or elsewhere, offers them KVM."""
    check = "kvm trial"
    try:
        with reached(surroundings) as connection:
            connection.getDomainCapabilities(None, None, MACHINE, "kvm")
    except libvirt.libvirtError as error:
        details = error.get_error_message() or ""
        if error.get_error_code() in (
            libvirt.VIR_ERR_INVALID_ARG,
            libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
        ):
            meaning = _("libvirt finds that KVM does not work, so machines run many times slower.")
            return Finding(check, State.BROKEN, meaning, details=details)
        meaning = _("libvirt could not be asked whether KVM works.")
        return Finding(check, State.UNCHECKED, meaning, details=details)
    meaning = _("libvirt offers KVM to its machines; only a machine can show that it works.")
    return Finding(check, State.UNCHECKED, meaning)


def works(surroundings: Surroundings, job: Job) -> Finding:
    """Tell whether a machine really runs with KVM, by the trial of this boot."""
    check = "kvm trial"
    if not surroundings.is_here:
        return offered(surroundings)
    emulator = shutil.which(f"qemu-system-{os.uname().machine}")
    path = surroundings.path("/dev/kvm")
    if emulator is not None and not os.access(path, os.R_OK | os.W_OK):
        if not surroundings.is_session:
            return offered(surroundings)
        emulator = None
    if emulator is None:
        meaning = _("It could not be tried: that needs /dev/kvm and the emulator.")
        return Finding(check, State.UNCHECKED, meaning)
    result = trial.cached(surroundings, Path(emulator), job)
    if result.works:
        meaning = _("A small machine ran with KVM on this computer, since it was started.")
        return Finding(check, State.GOOD, meaning)
    meaning = _(
        "This computer announces KVM, but a small machine failed with it, so machines run many "
        "times slower."
    )
    return Finding(check, State.BROKEN, meaning, details=result.words)
