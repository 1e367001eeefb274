"""Remove a domain's definition with all that libvirt keeps for it; its disks stay."""

from contextlib import closing

import libvirt

from vmdesk.core.host import Host
from vmdesk.core.libvirt_errors import translate, translated
from vmdesk.core.lost_connection import is_lost_connection

# https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainUndefineFlagsValues, oldest first
_FLAGS = (
    "VIR_DOMAIN_UNDEFINE_MANAGED_SAVE",
    "VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA",
    "VIR_DOMAIN_UNDEFINE_NVRAM",
    "VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA",
    "VIR_DOMAIN_UNDEFINE_TPM",
)


def undefine(domain: libvirt.virDomain, keep_nvram: bool = False) -> None:
    """Undefine ``domain`` with its managed save, snapshots' metadata, UEFI variables and TPM.

    What this libvirt does not know of is left out, newest first, but never all of it: a bare
    undefine would leave things behind or refuse. ``keep_nvram`` spares the file with the UEFI
    variables. Raises ``OperationError``.
    """
    flags = 0
    for name in _FLAGS:
        flags |= getattr(libvirt, name, 0)
    if keep_nvram:
        flags ^= libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM
    with translated():
        while not _undefined(domain, flags):
            flags &= ~(1 << (flags.bit_length() - 1))


def _undefined(domain: libvirt.virDomain, flags: int) -> bool:
    """Try with ``flags``; return False where the daemon or its driver does not know the newest."""
    is_last = flags & (flags - 1) == 0
    try:
        domain.undefineFlags(flags)
    except libvirt.libvirtError as error:
        if is_last or error.get_error_code() != libvirt.VIR_ERR_INVALID_ARG:
            raise
        return False
    return True


def force_off(domain: libvirt.virDomain) -> None:
    """Stop ``domain``; that it has stopped by itself meanwhile is no error."""
    try:
        domain.destroy()
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_OPERATION_INVALID or domain.isActive():
            raise


def take_back(host: Host, uuid: str) -> None:
    """Stop and undefine a domain that was only half made, if it is there at all.

    A daemon that died meanwhile is connected to again for this.
    """
    try:
        _take_back(host.connection, uuid)
    except libvirt.libvirtError as error:
        if not is_lost_connection(error):
            raise translate(error) from error
        with translated(), closing(libvirt.open(host.uri)) as fresh:
            _take_back(fresh, uuid)


def _take_back(connection: libvirt.virConnect, uuid: str) -> None:
    found = [domain for domain in connection.listAllDomains() if domain.UUIDString() == uuid]
    for domain in found:
        # Once it is off, a temporary one is gone.
        is_persistent = domain.isPersistent()
        if domain.isActive():
            force_off(domain)
        if is_persistent:
            undefine(domain)
