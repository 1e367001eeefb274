"""Causes in what a machine asks for and this computer has not: KVM, memory, devices, ports."""

from vmdesk.core.causes.row import Row
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause

_OTHER_HOST = _("Choose another in its properties: it may come from a computer that had it.")

MACHINES: tuple[Row, ...] = (
    Row(
        "no kvm",
        _("KVM does not work on this computer, but this machine asks for it."),
        _("Start it without KVM (slower), or check that virtualization is on in the firmware."),
        words="failed to initialize kvm|could not access kvm|support virt type 'kvm'",
        cause=Cause.NO_KVM,
    ),
    Row(
        "huge pages",
        _("The machine asks for huge pages, and this computer has none set up."),
        _("Take them out of the machine’s description, or mount hugetlbfs."),
        words="hugetlbfs|hugepages",
    ),
    Row(
        "no memory",
        _("There is not enough free memory to start this virtual machine."),
        _("Close other programs or machines, or give this one less memory."),
        words="cannot set up guest memory|cannot allocate memory",
    ),
    Row(
        "more memory than its most",
        _("The machine can’t have more memory than its most."),
        _("Shut it down and raise the most that it can have."),
        words="memory higher than max",
        cause=Cause.INVALID_VALUE,
    ),
    Row(
        "too many processors",
        _("The machine can’t have that many processors."),
        _("Its type allows {most}."),
        words=r"maximum cpus greater than .* limit (?P<most>\d+)",
        cause=Cause.INVALID_VALUE,
    ),
    Row(
        "more processors than its most",
        _("While it runs, the machine can’t have more than {most} processors."),
        _("Shut it down first, then give it more."),
        words=r"greater than max allowable vcpus[^:]*: \d+ > (?P<most>\d+)",
        cause=Cause.INVALID_VALUE,
    ),
    Row(
        "machine type unknown",
        _("QEMU on this computer has no machine type {name}."),
        _OTHER_HOST,
        words=r"not support machine type '(?P<name>[^']+)'",
    ),
    Row(
        "cpu unknown",
        _("QEMU on this computer knows no processor {name}."),
        _OTHER_HOST,
        words=r"unknown cpu model '?(?P<name>[\w.-]+)|unable to find cpu .*'(?P<other>[^']+)'",
    ),
    Row(
        "cpu lacks features",
        _("This computer’s processor lacks what the machine asks for."),
        _("Give the machine the processor of this computer in its properties."),
        words="guest cpu doesn't match specification|host doesn't support requested features",
    ),
    Row(
        "no emulator for it",
        _("No emulator here runs machines of the kind {name}."),
        _("Install QEMU for that kind of processor."),
        words=r"no emulator found for arch '(?P<name>[^']+)'|unknown architecture (?P<other>\S+)",
    ),
    Row(
        "emulator missing",
        _("The emulator {path} is missing."),
        _("Install QEMU, or choose another emulator in the machine’s description."),
        words=r"cannot check qemu binary (?P<path>\S+):",
        package="emulator",
    ),
    Row(
        "no tpm",
        _("This computer can’t emulate a TPM."),
        _("Install the package swtpm (Debian, Ubuntu and Fedora: swtpm-tools) and try again."),
        words=r"tpm version '[\d.]+' is not supported|unable to find 'swtpm",
        package="swtpm",
    ),
    Row(
        "no firmware",
        _("The UEFI firmware that this machine starts with is missing."),
        _("Install the package ovmf (Debian, Ubuntu) or edk2-ovmf (Fedora, Arch)."),
        words="unable to find any firmware|could not open '[^']*(?:OVMF|edk2|AAVMF)[^']*': no such",
        package="firmware",
    ),
    Row(
        "kernel missing",
        _("The kernel {path}, which this machine starts with, is missing."),
        _("Put it back, or let the machine start from its disk."),
        words=r"could not open kernel file '(?P<path>[^']+)'",
    ),
    Row(
        "port taken",
        _("The network port that the machine’s screen or a device asks for is taken."),
        _("Stop the program that has it, or let libvirt choose a port."),
        words="address already in use|binding socket to .* failed",
    ),
    Row(
        "address not here",
        _("The machine’s screen is to be at an address that this computer has not."),
        _("Use 127.0.0.1, which every computer has."),
        words="cannot assign requested address",
    ),
    Row(
        "bridge helper",
        _("Your own machines may not join a bridge of this computer."),
        _("Use the user network, or allow the bridge in /etc/qemu/bridge.conf."),
        words="bridge helper|access denied by acl file",
    ),
    Row(
        "no tap",
        _("Your own machines may not make a network card on this computer."),
        _("Use the user network, or make the machine in qemu:///system."),
        words="/dev/net/tun|creating bridge interface",
    ),
    Row(
        "no bridge",
        _("The bridge “{name}” does not exist on this computer."),
        _("Choose another network in the machine’s properties."),
        words=r"interface MTU on '(?P<name>[^']+)'|not get .*for bridge '(?P<other>[^']+)'",
    ),
    Row(
        "no usb device",
        _("A USB device that belongs to this machine is not plugged in."),
        _("Plug it in, or take it out of the machine."),
        words="did not find usb device|'/sys/bus/usb/devices'",
    ),
    Row(
        "no pci device",
        _("A device of this computer can’t be given to the machine."),
        _("Turn on the IOMMU in the firmware, or take the device out of the machine."),
        words="passthrough of host pci|pci device .* (?:in use|not found)",
    ),
    Row(
        "no free slot",
        _("The machine has no free place for another device."),
        _("Shut it down and add the device then."),
        words="no more available pci slots",
    ),
    Row(
        "virtiofs",
        _("Folders can’t be shared this way with your own machines."),
        _("Use 9p instead of virtiofs, or make the machine in qemu:///system."),
        words="virtiofs is not yet supported",
    ),
    Row(
        "shared folder missing",
        _("The folder {path}, which the machine shares, is missing."),
        _("Put it back, or take it out of the machine."),
        words=r"cannot initialize fsdev .*failed to open '(?P<path>[^']+)'",
    ),
    Row(
        "no graphics card",
        _("This computer has no graphics card that guests could draw with."),
        _("Turn 3D acceleration off for this machine."),
        words="'/dev/dri'",
    ),
    Row(
        "socket missing",
        _("A device of the machine wants to talk to {path}, where nobody listens."),
        _("Start the program that listens there, or take the device out of the machine."),
        words=r"failed to connect to '(?P<path>[^']+)'",
    ),
)
