"""Remove a domain's definition with all that libvirt keeps for it; its disks stay."""

import libvirt

from vmdesk.core.libvirt_errors import translated

# https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainUndefineFlagsValues, oldest first
_FLAGS = (
    "VIR_DOMAIN_UNDEFINE_MANAGED_SAVE",
    "VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA",
    "VIR_DOMAIN_UNDEFINE_NVRAM",
    "VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA",
    "VIR_DOMAIN_UNDEFINE_TPM",
)


def undefine(domain: libvirt.virDomain) -> None:
    """Undefine ``domain`` with its managed save, snapshots' metadata, UEFI variables and TPM.

    What this libvirt does not know of is left out, newest first, but never all of it: a bare
    undefine would leave things behind or refuse. Raises ``OperationError``.
    """
    flags = 0
    for name in _FLAGS:
        flags |= getattr(libvirt, name, 0)
    with translated():
        while not _undefined(domain, flags):
            flags &= ~(1 << (flags.bit_length() - 1))


def _undefined(domain: libvirt.virDomain, flags: int) -> bool:
    """Try with ``flags``; return False where the daemon or its driver does not know the newest."""
    is_last = flags & (flags - 1) == 0
    try:
        domain.undefineFlags(flags)
    except libvirt.libvirtError as error:
        is_unknown = "unsupported flags" in str(error)
        if is_last or not is_unknown:
            raise
        return False
    return True


def take_back(domain: libvirt.virDomain) -> None:
    """Stop and undefine a domain that was only half made, whatever state it is in."""
    with translated():
        if domain.isActive():
            domain.destroy()
        if domain.isPersistent():
            undefine(domain)
