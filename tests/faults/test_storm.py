"""Random operations by the window, the terminal and virsh at once: nothing is lost or left over."""

import gc
import random
import threading
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from tests.faults.conftest import MINUTES
from tests.faults.storm import Ledger, Outsider, Terminal, Window
from tests.faults.world import World, children, open_files, threads
from vmdesk.controller import Controller
from vmdesk.core import paths
from vmdesk.core.folders import Folders
from vmdesk.site import Site

pytestmark = pytest.mark.hypervisor

MACHINES, OPERATIONS = (20, 200) if MINUTES else (5, 30)
PATIENCE = 600_000 if MINUTES else 120_000
"""Milliseconds."""


def test_what_three_do_at_once_adds_up(
    qtbot: QtBot, world: World, chance: random.Random, say: Callable[[str], None]
) -> None:
    uuids = world.make(MACHINES)
    world.make_bundle(uuids[0])
    before, processes = _python_threads(), children()
    controller = Controller(Folders(paths.isos_dir(), paths.disks_dir()))
    site = controller.add(world.libvirt.uri)
    controller.reconnect()
    qtbot.waitUntil(lambda: len(site.domains.rows()) == MACHINES, timeout=PATIENCE)
    ledger = Ledger(set(uuids), set(uuids))

    _let_loose(qtbot, world, site, ledger, chance, say)

    assert world.uuids() == ledger.uuids
    assert world.problems() == []
    qtbot.waitUntil(lambda: _differences(world, site) == [], timeout=20_000)
    controller.shut_down_vmdesk()
    assert _python_threads() <= before
    assert children() <= processes
    say(f"{OPERATIONS} operations, {len(ledger.uuids)} machines in the end")


def _let_loose(
    qtbot: QtBot,
    world: World,
    site: Site,
    ledger: Ledger,
    chance: random.Random,
    say: Callable[[str], None],
) -> None:
    """Let each of the three do a third of the operations."""
    seeds = [random.Random(chance.random()) for _actor in range(3)]
    share = OPERATIONS // 3
    failures: list[BaseException] = []

    def go_on(actor: Terminal | Outsider, name: str) -> None:
        try:
            for _number in range(share):
                say(f"{name}: {actor.act()}")
        except BaseException as error:
            failures.append(error)

    others = [
        threading.Thread(target=go_on, args=(Terminal(world, ledger, seeds[0]), "terminal")),
        threading.Thread(target=go_on, args=(Outsider(world, ledger, seeds[1]), "virsh")),
    ]
    window, done = Window(world, site, ledger, seeds[2]), list[str]()

    def next_one(what: str) -> None:
        done.append(what)
        say(f"window: {what}")
        if len(done) < share:
            window.act(next_one)

    for other in others:
        other.start()
    window.act(next_one)
    qtbot.waitUntil(
        lambda: len(done) == share and not any(other.is_alive() for other in others),
        timeout=PATIENCE,
    )
    assert not failures, failures


def _python_threads() -> set[threading.Thread]:
    """Return the threads that Python has started; it never forgets that it has seen one of Qt."""
    return {one for one in threading.enumerate() if type(one) is threading.Thread}


def _differences(world: World, site: Site) -> list[str]:
    """Return the rows that say something else than libvirt."""
    with world.host() as host:
        true = {info.uuid: info for info in host.domains()}
    shown = {row.domain.uuid: row.info for row in site.domains.rows()}
    return [uuid for uuid in true.keys() | shown.keys() if true.get(uuid) != shown.get(uuid)]


def test_a_window_that_was_open_leaves_nothing_open(
    qtbot: QtBot, world: World, say: Callable[[str], None]
) -> None:
    world.make(2)
    counts = [_open_and_close(qtbot, world) for _time in range(4)]
    # The first one opens what the process keeps, such as libvirt's wakeup pipe.
    (threads_first, files_first), (threads_last, files_last) = counts[1], counts[-1]
    assert threads_last <= threads_first
    assert len(files_last) <= len(files_first), (files_first, files_last)
    say(f"{threads_last} threads, {len(files_last)} open files")


def _open_and_close(qtbot: QtBot, world: World) -> tuple[int, dict[str, str]]:
    """Use a controller, end it, and return the threads and the open files that are left."""
    controller = Controller(Folders(paths.isos_dir(), paths.disks_dir()))
    site = controller.add(world.libvirt.uri)
    controller.reconnect()
    domains = site.domains
    qtbot.waitUntil(lambda: len(domains.rows()) == 2, timeout=PATIENCE)
    uuid = domains.rows()[0].domain.uuid
    for deed in (site.start, site.force_off):
        with qtbot.waitSignal(deed(uuid).finished, timeout=PATIENCE):
            pass
    controller.shut_down_vmdesk()
    controller.deleteLater()
    del controller, site, deed
    gc.collect()
    qtbot.wait(100)
    return threads(), open_files()
