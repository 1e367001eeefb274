"""The page of a machine's properties for its display and what its network cards plug into."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFrame, QVBoxLayout

from vmdesk.core.i18n import _
from vmdesk.core.operations.changes import Changes, Network
from vmdesk.core.operations.changes import Field as What
from vmdesk.hardware import Settings
from vmdesk.views.field import Field, TextField
from vmdesk.views.form import Form
from vmdesk.views.labels import label
from vmdesk.views.properties.page import Page, Tracked, next_start_badge

_DISPLAYS = {"spice": _("SPICE: sound, clipboard, USB"), "vnc": _("VNC: the screen alone")}
_MODELS = ("virtio", "e1000e", "e1000", "rtl8139")
_BRIDGE = "bridge"


class WiringPage(Page):
    """The kind of display, and a card for each network card."""

    def __init__(self) -> None:
        super().__init__(_("Display and network"))
        self._settings: Settings | None = None
        self.cards: dict[str, NetworkCard] = {}
        self.display_box = QComboBox()
        self.display = Field(_("&Display"), self.display_box)
        self.display.explain(_("What the console shows the machine’s screen with."))
        self.display_badge = next_start_badge()
        self._display = Tracked(self._chosen_display, self._choose_display)
        self._none = label(_("This machine has no network card."), "secondary")
        form = Form()
        form.add(self.display, self.display_badge)
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        self.body.addLayout(form)
        self.body.addWidget(self._none)
        self.body.addLayout(self._list)
        self.body.addStretch(1)
        self.display_box.currentIndexChanged.connect(self._check)

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return self._display.is_changed or any(card.is_changed for card in self.cards.values())

    @property
    def problem(self) -> str:
        """Why it can't be saved, or empty."""
        return next((c.bridge.problem for c in self.cards.values() if c.bridge.problem), "")

    def changes(self) -> Changes:
        """Return what is to be changed."""
        cards = tuple(card.network() for card in self.cards.values() if card.is_changed)
        return Changes(display=self._display.change, networks=cards or None)

    def show_settings(self, settings: Settings, discard: bool) -> None:
        """Show how the machine is; what the user has put in stays unless ``discard``."""
        self._settings = settings
        found = settings.properties
        self._offer_displays(settings)
        (self._display.reset if discard else self._display.show)(found.display)
        networks = {network.mac: network for network in found.networks if network.mac}
        for mac in self.cards.keys() - networks.keys():
            card = self.cards.pop(mac)
            card.hide()
            card.deleteLater()
        for mac, network in networks.items():
            if mac not in self.cards:
                card = self.cards[mac] = NetworkCard(mac)
                card.changed.connect(self._check)
                self._list.addWidget(card)
            self.cards[mac].show_network(network, found.host_networks, discard)
        self._none.setVisible(not networks)
        self._check()

    def _offer_displays(self, settings: Settings) -> None:
        present = settings.properties.display
        chosen = self._chosen_display()
        self.display_box.blockSignals(True)
        self.display_box.clear()
        for kind, text in _DISPLAYS.items():
            if kind == present or kind != "spice" or settings.has_spice is not False:
                self.display_box.addItem(text, kind)
        if not present:
            self.display_box.addItem(_("None that can be changed here"), "")
        self._choose_display(chosen)
        self.display_box.blockSignals(False)
        self.display_box.setEnabled(bool(present))

    def _chosen_display(self) -> str:
        return str(self.display_box.currentData() or "")

    def _choose_display(self, kind: str) -> None:
        self.display_box.setCurrentIndex(max(0, self.display_box.findData(kind)))

    def _check(self) -> None:
        if self._settings is None:
            return
        found = self._settings.properties
        is_waiting = self._display.is_changed or What.DISPLAY in found.pending
        self.display_badge.setVisible(found.is_active and is_waiting)
        for card in self.cards.values():
            waits = card.is_other_card or What.NETWORK in found.pending
            card.badge.setVisible(found.is_active and waits)
        self.changed.emit()


class NetworkCard(QFrame):
    """One network card of the machine: what it is connected to, and what the guest sees."""

    changed = Signal()

    def __init__(self, mac: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self._mac = mac
        self.source_box = QComboBox()
        self.source = Field(_("Connected to"), self.source_box)
        self.source.explain(_("How the machine reaches the network."))
        self.bridge = TextField(_("Bridge"))
        self.bridge.edit.setPlaceholderText(_("Its name on this computer, such as br0"))
        self.model_box = QComboBox()
        self.model = Field(_("Kind of card"), self.model_box)
        self.model.explain(_("What the guest sees; virtio is the fastest."))
        self.badge = next_start_badge()
        self._source = Tracked(self._chosen_source, self._choose_source)
        self._model = Tracked(self._chosen_model, self._choose_model)
        form = Form()
        form.add(self.source, self.badge)
        form.add(self.bridge)
        form.add(self.model)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(label(_("Network card {mac}").format(mac=mac), "strong"))
        layout.addLayout(form)
        self.source_box.currentIndexChanged.connect(self._check)
        self.model_box.currentIndexChanged.connect(self._check)
        self.bridge.edit.textChanged.connect(self._check)

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return self._source.is_changed or self._model.is_changed

    @property
    def is_other_card(self) -> bool:
        """Whether the guest would see another card, which a running one can't be given."""
        return self._model.is_changed

    def network(self) -> Network:
        """Return how the card is to be."""
        kind, source = self._chosen_source()
        return Network(self._mac, kind, source, self._model.change or "")

    def show_network(self, network: Network, host_networks: tuple[str, ...], discard: bool) -> None:
        """Show how the card is; what the user has put in stays unless ``discard``."""
        chosen, model = self._chosen_source(), self._chosen_model()
        present = (network.kind, network.source)
        for box in (self.source_box, self.model_box):
            box.blockSignals(True)
            box.clear()
        self.source_box.addItem(_("User network: reaches out, can’t be reached"), ("user", ""))
        for name in host_networks:
            text = _("Virtual network “{name}”").format(name=name)
            self.source_box.addItem(text, ("network", name))
        self.source_box.addItem(_("A bridge of this computer"), (_BRIDGE, ""))
        if network.kind != _BRIDGE and _index(self.source_box, present) < 0:
            text = f"{network.kind} {network.source}".strip()
            self.source_box.addItem(text, present)
        for name in dict.fromkeys((network.model, *_MODELS)):
            self.model_box.addItem(name or _("As the machine has it"), name)
        self._choose_source(chosen)
        self._choose_model(model)
        (self._source.reset if discard else self._source.show)(present)
        (self._model.reset if discard else self._model.show)(network.model)
        for box in (self.source_box, self.model_box):
            box.blockSignals(False)
        self._check()

    def _chosen_source(self) -> tuple[str, str]:
        kind, name = self.source_box.currentData() or ("", "")
        return (kind, self.bridge.edit.text().strip() if kind == _BRIDGE else name)

    def _choose_source(self, source: tuple[str, str]) -> None:
        kind, name = source
        if kind == _BRIDGE:
            self.bridge.edit.setText(name)
        index = _index(self.source_box, (kind, "") if kind == _BRIDGE else source)
        self.source_box.setCurrentIndex(max(0, index))

    def _chosen_model(self) -> str:
        return str(self.model_box.currentData() or "")

    def _choose_model(self, model: str) -> None:
        self.model_box.setCurrentIndex(max(0, self.model_box.findData(model)))

    def _check(self) -> None:
        kind, name = self._chosen_source()
        is_bridge = kind == _BRIDGE
        self.bridge.setVisible(is_bridge)
        self.bridge.name.setVisible(is_bridge)
        is_missing = is_bridge and not name and self._source.is_changed
        self.bridge.mark(_("Name the bridge of this computer.") if is_missing else "")
        self.changed.emit()


def _index(box: QComboBox, data: tuple[str, str]) -> int:
    return next((i for i in range(box.count()) if tuple(box.itemData(i)) == data), -1)
