"""The page for the display and the network: what can be chosen, and what it would write."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from tests.views.properties.dialogs import MAC, OFF, RUNNING, settings
from vmdesk.core.operations.changes import Changes, Network
from vmdesk.views.properties.wiring import NetworkCard, WiringPage


@pytest.fixture
def page(qtbot: QtBot) -> WiringPage:
    page = WiringPage()
    qtbot.addWidget(page)
    page.show_settings(settings(), discard=True)
    page.show()
    return page


@pytest.fixture
def card(page: WiringPage) -> NetworkCard:
    return page.cards[MAC]


def choose_source(card: NetworkCard, text: str) -> None:
    index = next(i for i in range(card.source_box.count()) if text in card.source_box.itemText(i))
    card.source_box.setCurrentIndex(index)


def test_nothing_is_changed_at_first(page: WiringPage) -> None:
    assert page.changes() == Changes()
    assert not page.is_changed


def test_another_display_is_saved(page: WiringPage) -> None:
    page.display_box.setCurrentIndex(page.display_box.findData("vnc"))
    assert page.changes() == Changes(display="vnc")


def test_spice_is_not_offered_where_qemu_has_none(page: WiringPage) -> None:
    vnc = replace(OFF, display="vnc")
    page.show_settings(settings(vnc, has_spice=False), discard=True)
    assert page.display_box.findData("spice") == -1
    assert page.changes() == Changes()


def test_a_machine_without_such_a_display_offers_no_choice(page: WiringPage) -> None:
    page.show_settings(settings(replace(OFF, display="")), discard=True)
    assert not page.display_box.isEnabled()
    assert page.changes() == Changes()


@pytest.mark.parametrize(
    ("text", "kind", "source"), [("User", "user", ""), ("lab", "network", "lab")]
)
def test_a_card_is_plugged_into_another_network(
    page: WiringPage, card: NetworkCard, text: str, kind: str, source: str
) -> None:
    choose_source(card, text)
    assert page.changes().networks == (Network(MAC, kind, source),)


def test_a_bridge_needs_its_name(qtbot: QtBot, page: WiringPage, card: NetworkCard) -> None:
    assert not card.bridge.isVisible()
    choose_source(card, "bridge")
    assert card.bridge.isVisible()
    assert page.problem == "Name the bridge of this computer."
    qtbot.keyClicks(card.bridge.edit, " br0 ")
    assert page.problem == ""
    assert page.changes().networks == (Network(MAC, "bridge", "br0"),)


def test_another_kind_of_card_waits_for_the_next_start(page: WiringPage, card: NetworkCard) -> None:
    page.show_settings(settings(RUNNING), discard=True)
    choose_source(card, "lab")
    assert not card.badge.isVisible()
    card.model_box.setCurrentIndex(card.model_box.findData("e1000e"))
    assert card.badge.isVisible()
    assert page.changes().networks == (Network(MAC, "network", "lab", "e1000e"),)


def test_a_network_of_another_kind_is_kept(page: WiringPage) -> None:
    other = replace(OFF, networks=(Network(MAC, "direct", "eth0", ""),))
    page.show_settings(settings(other), discard=True)
    assert page.cards[MAC].source_box.currentText() == "direct eth0"
    assert page.changes() == Changes()


def test_what_was_chosen_outlasts_news(page: WiringPage, card: NetworkCard) -> None:
    choose_source(card, "lab")
    news = replace(OFF, base="<news/>", host_networks=("another", "default", "lab"))
    page.show_settings(settings(news), discard=False)
    assert page.changes().networks == (Network(MAC, "network", "lab"),)
    page.show_settings(settings(news), discard=True)
    assert page.changes() == Changes()


def test_a_card_that_is_gone_goes_from_the_page(page: WiringPage) -> None:
    page.show_settings(settings(replace(OFF, networks=())), discard=False)
    assert page.cards == {}
