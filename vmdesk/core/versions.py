"""What runs the machines, and in which versions."""

from dataclasses import dataclass

from vmdesk.core.host import Host
from vmdesk.core.libvirt_errors import translated


@dataclass(frozen=True, slots=True)
class Versions:
    """The version of libvirt's daemon, and name and version of the hypervisor."""

    libvirt: str
    hypervisor: str
    hypervisor_version: str


def read(host: Host) -> Versions:
    """Ask libvirt. Raises ``OperationError``."""
    with translated():
        connection = host.connection
        return Versions(
            libvirt=dotted(connection.getLibVersion()),
            hypervisor=connection.getType(),
            hypervisor_version=dotted(connection.getVersion()),
        )


def dotted(number: int) -> str:
    """Write a version as libvirt gives it, as people do."""
    # https://libvirt.org/html/libvirt-libvirt-host.html#virGetVersion
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
