"""A machine that is dragged from one section of the list to another."""

from PySide6.QtCore import QMimeData

from vmdesk.core.domain_key import DomainKey

MACHINE = "application/x-vmdesk-machine"
"""The type of what is dragged; nobody else's program has a use for it."""


def machine_to_drag(key: DomainKey) -> QMimeData:
    """Return what a drag of a machine carries."""
    data = QMimeData()
    data.setData(MACHINE, f"{key.uuid} {key.connection}".encode())
    return data


def dragged_machine(data: QMimeData) -> DomainKey | None:
    """Return the machine that is dragged, if it is one."""
    if not data.hasFormat(MACHINE):
        return None
    uuid, _space, connection = bytes(data.data(MACHINE).data()).decode().partition(" ")
    return DomainKey(connection, uuid)
