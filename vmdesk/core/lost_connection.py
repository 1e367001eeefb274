"""Tell a daemon of libvirt that went away from one that says no."""

import libvirt

# https://libvirt.org/html/libvirt-virterror.html
_TRANSPORT = {libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_ERR_INTERNAL_ERROR}


def is_lost_connection(error: libvirt.libvirtError) -> bool:
    """Tell whether ``error`` means that the daemon went away, rather than that it said no."""
    code = error.get_error_code()
    is_transport = error.get_error_domain() == libvirt.VIR_FROM_RPC and code in _TRANSPORT
    return is_transport or code in (libvirt.VIR_ERR_INVALID_CONN, libvirt.VIR_ERR_RPC)
