"""Change how a domain is seen and what its network cards are connected to."""

from lxml import etree

from vmdesk.core import xml_tree
from vmdesk.core.domain.devices import InterfaceDevice
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

DISPLAYS = ("spice", "vnc")
"""The kinds of display that a viewer can open; others stay as they are."""

SOURCES = {"user": "", "network": "network", "bridge": "bridge"}
"""The kinds of network that can be chosen, with the attribute that names their source."""

# What SPICE and VNC have in common, and what a card keeps in another kind of network.
_SHARED_ATTRIBUTES = frozenset({"type", "port", "autoport", "listen", "passwd", "keymap"})
_SHARED_CARD_PARTS = frozenset({"mac", "model", "link", "boot", "alias", "address", "rom"})
_SPICE_DEVICES = ("channel", "redirdev", "smartcard")


def set_display(xml: DomainXml, kind: str) -> None:
    """Make the displays ``spice`` or ``vnc``, with the devices that only SPICE can serve.

    The address it listens on, the port and the password stay.
    """
    changed = [g for g in xml.graphics if g.type in DISPLAYS and g.type != kind]
    for graphics in changed:
        element = graphics.element
        element.set("type", kind)
        for name in set(map(str, element.attrib)) - _SHARED_ATTRIBUTES:
            del element.attrib[name]
        for child in element.findall("*"):
            if child.tag != "listen":
                xml_tree.remove(child)
    if changed and kind == "vnc":
        _remove_spice_devices(xml)
    elif changed:
        _add_spice_agent(xml)


def _remove_spice_devices(xml: DomainXml) -> None:
    for tag in _SPICE_DEVICES:
        for element in xml.root.findall(f"devices/{tag}[@type='spicevmc']"):
            xml_tree.remove(element)
    for audio in xml.root.findall("devices/audio[@type='spice']"):
        audio.set("type", "none")
    if all(graphics.type != "egl-headless" for graphics in xml.graphics):
        # Without SPICE nothing here draws in three dimensions, and QEMU would not start.
        for acceleration in xml.root.findall("devices/video/model/acceleration[@accel3d='yes']"):
            acceleration.set("accel3d", "no")


def _add_spice_agent(xml: DomainXml) -> None:
    devices = xml.root.find("devices")
    if devices is None or devices.find("channel[@type='spicevmc']") is not None:
        return
    channel = etree.Element("channel", type="spicevmc")
    etree.SubElement(channel, "target", type="virtio", name="com.redhat.spice.0")
    xml_tree.insert(devices, channel, devices.index(xml.graphics[0].element))


def card(xml: DomainXml, mac: str) -> InterfaceDevice:
    """Return the network card of this address, or raise ``OperationError`` (invalid value)."""
    for interface in xml.interfaces:
        if interface.mac.lower() == mac.lower():
            return interface
    raise OperationError(
        _("This machine has no network card {mac}.").format(mac=mac), cause=Cause.INVALID_VALUE
    )


def connect(interface: InterfaceDevice, kind: str, source: str) -> None:
    """Connect a card to a ``user`` network, a ``network`` of libvirt or a ``bridge``."""
    element = interface.element
    if (interface.type, interface.source) == (kind, source):
        return
    if interface.type != kind:
        for child in element.findall("*"):
            if child.tag not in _SHARED_CARD_PARTS:
                xml_tree.remove(child)
        element.set("type", kind)
    if not SOURCES[kind]:
        return
    found = element.find("source")
    if found is None:
        found = etree.Element("source")
        before = element.find("mac")
        xml_tree.insert(element, found, 0 if before is None else element.index(before) + 1)
    found.attrib.clear()
    found.set(SOURCES[kind], source)


def set_model(interface: InterfaceDevice, model: str) -> None:
    """Choose the kind of card that the guest sees."""
    element = interface.element.find("model")
    if element is None:
        element = etree.Element("model")
        after = [c for c in interface.element if c.tag in ("mac", "source", "target")]
        index = interface.element.index(after[-1]) + 1 if after else 0
        xml_tree.insert(interface.element, element, index)
    if element.get("type") != model:
        element.set("type", model)
