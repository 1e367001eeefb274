"""Check the network that the system's machines are made with."""

from pathlib import Path

import libvirt

from vmdesk.core.doctor import packages
from vmdesk.core.doctor.finding import Finding, State, Surroundings
from vmdesk.core.doctor.reach import reached
from vmdesk.core.i18n import _
from vmdesk.core.libvirt_errors import translate
from vmdesk.core.mend import Mend

NAME = "default"

_DESCRIPTIONS = (
    "/usr/share/libvirt/networks/default.xml",
    "/etc/libvirt/qemu/networks/default.xml",
)


def default(surroundings: Surroundings) -> Finding:
    """Tell whether the network ``default`` is defined, active, and started with the computer."""
    if surroundings.is_session:
        meaning = _("Your own machines use the user network, which needs nothing set up.")
        return Finding("network", State.UNNEEDED, meaning)
    try:
        with reached(surroundings) as connection:
            return _look(connection, surroundings)
    except libvirt.libvirtError as error:
        meaning = _("It can’t be looked at without a connection to libvirt.")
        details = translate(error).details
        return Finding("network", State.UNCHECKED, meaning, details=details)


def _look(connection: libvirt.virConnect, surroundings: Surroundings) -> Finding:
    networks = {network.name(): network for network in connection.listAllNetworks()}
    if NAME not in networks:
        return _undefined(surroundings)
    network = networks[NAME]
    if not network.isActive():
        meaning = _("It is not active, so machines that use it don’t start.")
        mends = (_virsh(surroundings, _("Start it"), "net-start"),)
        return Finding("network", State.BROKEN, meaning, mends)
    if not network.autostart():
        meaning = _("It is active, but does not start with the computer.")
        mends = (_virsh(surroundings, _("Start it always"), "net-autostart"),)
        return Finding("network", State.WARNING, meaning, mends)
    meaning = _("It is active, and starts with the computer.")
    return Finding("network", State.GOOD, meaning)


def _undefined(surroundings: Surroundings) -> Finding:
    meaning = _("It does not exist, so machines that use it don’t start.")
    file = next((f for f in _DESCRIPTIONS if surroundings.path(f).exists()), None)
    if file is None:
        mends = packages.install("default network", surroundings.root)
    else:
        mends = (_virsh(surroundings, _("Make it"), "net-define", Path(file)),)
    return Finding("network", State.BROKEN, meaning, mends)


def _virsh(surroundings: Surroundings, text: str, deed: str, what: str | Path = NAME) -> Mend:
    return Mend(text, ("virsh", "--connect", surroundings.uri, deed, str(what)))
