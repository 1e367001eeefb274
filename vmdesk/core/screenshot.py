"""Take a picture of a guest's screen, through a libvirt stream and no file of ours."""

from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.libvirt_errors import translated

MAXIMUM_SIZE = 64 * 1024**2
"""Bytes: an uncompressed picture of a 4K screen has 25 MB, and QEMU's PNG far less."""
_PIECE = 256 * 1024


def take(host: Host, uuid: str) -> bytes:
    """Return the picture of the first screen as an image file: PNG, or PPM of older QEMUs.

    Raises ``OperationError`` if the domain is off or has no screen.
    """
    domain = host.domain(uuid)
    picture = bytearray()
    with translated():
        stream = host.connection.newStream()
        domain.screenshot(stream, 0)
        while piece := stream.recv(_PIECE):
            picture += piece
            if len(picture) > MAXIMUM_SIZE:
                stream.abort()
                raise OperationError(_("The guest’s screen is too large for a picture."))
        stream.finish()
    return bytes(picture)
