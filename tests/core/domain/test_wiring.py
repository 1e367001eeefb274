"""Displays and network cards change their kind and keep what fits both."""

import pytest
from lxml import etree

from tests.core.domain.test_golden import SCHEMA
from tests.core.domain.test_xml import golden
from vmdesk.core.domain import difference, wiring
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.job import Cause, OperationError


def changed(before: str, xml: DomainXml) -> list[str]:
    """Return the lines that an edit changed, after a look into libvirt's grammar."""
    grammar = etree.RelaxNG(etree.parse(SCHEMA))
    assert grammar.validate(etree.fromstring(xml.text.encode())), grammar.error_log
    lines = (line.kind.value + line.text.strip() for line in difference.lines(before, xml.text))
    return [line for line in lines if line[0] in "+-"]


def test_spice_becomes_vnc_without_what_only_spice_can_serve() -> None:
    xml = golden("gnome-boxes")
    before = xml.text
    wiring.set_display(xml, "vnc")
    assert changed(before, xml) == [
        "-<smartcard mode='passthrough' type='spicevmc'/>",
        "-<graphics type='spice' autoport='yes'>",
        "+<graphics type='vnc' autoport='yes'>",
        "-<image compression='off'/>",
        "-<redirdev bus='usb' type='spicevmc'/>",
        "-<redirdev bus='usb' type='spicevmc'/>",
        "-<audio id='1' type='spice'/>",
        "+<audio id='1' type='none'/>",
    ]


def test_vnc_becomes_spice_with_its_agent_and_keeps_address_and_password() -> None:
    xml = golden("i440fx-old-host")
    before = xml.text
    wiring.set_display(xml, "spice")
    was, *channel, becomes = changed(before, xml)
    assert becomes == was.replace("-<graphics type='vnc'", "+<graphics type='spice'")
    assert channel == [
        "+<channel type='spicevmc'>",
        "+<target type='virtio' name='com.redhat.spice.0'/>",
        "+</channel>",
    ]
    wiring.set_display(xml, "vnc")
    assert changed(before, xml) == []


def test_what_only_spice_knows_of_its_ports_goes_with_it() -> None:
    xml = DomainXml.parse(
        "<domain><devices><graphics type='spice' port='5900' tlsPort='5901' autoport='no' "
        "defaultMode='secure' passwd='secret'/></devices></domain>"
    )
    wiring.set_display(xml, "vnc")
    display = "<graphics type='vnc' port='5900' autoport='no' passwd='secret'/>"
    assert display in xml.text


def test_an_agent_that_is_there_already_is_not_added_again() -> None:
    channel = "<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>"
    xml = DomainXml.parse(
        f"<domain><devices>{channel}<graphics type='vnc' port='5900'/></devices></domain>"
    )
    wiring.set_display(xml, "spice")
    assert xml.graphics[0].type == "spice"
    assert xml.text.count("spicevmc") == 1


def test_acceleration_goes_with_the_display_that_showed_it() -> None:
    xml = DomainXml.parse(
        "<domain><devices><graphics type='spice'><gl enable='yes'/></graphics><video><model "
        "type='virtio'><acceleration accel3d='yes'/></model></video></devices></domain>"
    )
    wiring.set_display(xml, "vnc")
    assert "accel3d='no'" in xml.text
    assert "<gl" not in xml.text
    headless = golden("qemu-override")
    wiring.set_display(headless, "vnc")
    assert [graphics.type for graphics in headless.graphics] == ["egl-headless", "vnc"]


@pytest.mark.parametrize("name", ["no-devices-but-emulator", "q35-installer-in-drive"])
def test_the_same_display_or_none_changes_nothing(name: str) -> None:
    xml = golden(name)
    before = xml.text
    wiring.set_display(xml, "vnc")
    assert xml.text == before


def test_a_card_moves_to_another_network_of_the_same_kind() -> None:
    xml = golden("nested-network")
    before = xml.text
    wiring.connect(xml.interfaces[0], "network", "default")
    assert changed(before, xml) == [
        "-<source network='ovs' portgroup='vlan-10'/>",
        "+<source network='default'/>",
    ]


def test_a_card_keeps_only_what_suits_the_other_kind() -> None:
    xml = golden("nested-network")
    card = xml.interfaces[0]
    mac = card.mac
    wiring.connect(card, "user", "")
    assert [child.tag for child in card.element] == ["mac", "model"]
    assert (card.type, card.source, card.mac) == ("user", "", mac)
    wiring.connect(card, "bridge", "br0")
    assert [child.tag for child in card.element] == ["mac", "source", "model"]
    assert (card.type, card.source) == ("bridge", "br0")
    assert changed(xml.text, xml) == []


def test_the_present_connection_and_model_change_nothing() -> None:
    xml = golden("nested-network")
    before = xml.text
    wiring.connect(xml.interfaces[0], "network", "ovs")
    wiring.set_model(xml.interfaces[0], "virtio")
    assert xml.text == before


def test_a_card_without_a_model_gets_one() -> None:
    xml = DomainXml.parse(
        "<domain><devices><interface type='user'><mac address='52:54:00:AA:00:01'/>"
        "</interface></devices></domain>"
    )
    wiring.set_model(wiring.card(xml, "52:54:00:aa:00:01"), "e1000e")
    assert xml.interfaces[0].model == "e1000e"
    assert [child.tag for child in xml.interfaces[0].element] == ["mac", "model"]
    with pytest.raises(OperationError, match="no network card") as caught:
        wiring.card(xml, "52:54:00:aa:00:02")
    assert caught.value.cause is Cause.INVALID_VALUE
