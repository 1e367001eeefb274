"""Where a new machine is to be: asked only where there is something to choose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject

from vmdesk.core import formatting
from vmdesk.core.i18n import _
from vmdesk.core.storage.pools import PoolInfo
from vmdesk.site import Site
from vmdesk.views.settings.fields import ChoiceField


@dataclass(frozen=True, slots=True)
class Place:
    """A connection, and the storage pool there for disks: empty for the usual place."""

    site: Site
    pool: str = ""


class PlaceField(ChoiceField[Place]):
    """One of several connections, and of the storage pools there; the first is chosen.

    It is hidden as long as there is nothing to choose, unless it ``is_always_shown``.
    """

    def __init__(self, sites: Sequence[Site], *, is_always_shown: bool = False) -> None:
        first = Place(sites[0])
        super().__init__(_("&Where"), {Place(site): site.name for site in sites}, first)
        self._is_always_shown = is_always_shown
        self.explain(_("The connection that the machine is to be on, and where it keeps disks."))
        self._sites = tuple(sites)
        self._show_if_needed()

    def ask_for_pools(self) -> None:
        """Ask each connection for its pools, and offer them when they are known."""
        for site in self._sites:
            _Question(site, self)

    def follow(self, change: Callable[[], object]) -> None:
        """Call ``change`` when the user has chosen another one."""
        self.box.currentIndexChanged.connect(lambda _index: change())

    def offer(self, site: Site, pools: Sequence[PoolInfo]) -> None:
        """Offer the pools of a connection, of which the first is what it takes by itself."""
        if len(pools) > 1:
            named = [Place(site), *(Place(site, pool.name) for pool in pools[1:])]
            words = [_words(site, pool) for pool in pools]
            self.replace(Place(site), dict(zip(named, words, strict=True)))
            self._show_if_needed()

    def _show_if_needed(self) -> None:
        is_needed = self._is_always_shown or self.box.count() > 1
        for part in (self, self.name):
            part.setVisible(is_needed)


class _Question(QObject):
    """Asks a connection for its pools; it goes with the field."""

    def __init__(self, site: Site, field: PlaceField) -> None:
        super().__init__(field)
        self._site = site
        self._field = field
        site.pools().succeeded.connect(self._answer)

    def _answer(self, pools: Sequence[PoolInfo]) -> None:
        self._field.offer(self._site, pools)


def _words(site: Site, pool: PoolInfo) -> str:
    if not pool.is_running:
        text = _("{connection}: {pool}, which is started for it")
        return text.format(connection=site.name, pool=pool.name)
    text = _("{connection}: {pool}, {room} free")
    room = formatting.size(pool.free)
    return text.format(connection=site.name, pool=pool.name, room=room)
