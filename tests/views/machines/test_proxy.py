"""Filter and order of the list."""

from dataclasses import replace
from random import Random

import pytest
from PySide6.QtCore import QModelIndex, QPersistentModelIndex
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.views.conftest import info
from vmdesk.core.host import DomainInfo, DomainState
from vmdesk.core.natural_order import natural_key
from vmdesk.models.domain_list_model import Activity, DomainListModel, DomainRole
from vmdesk.views.machines.order import SortBy
from vmdesk.views.machines.proxy import DomainProxy


@pytest.fixture
def domains(qtbot: QtBot) -> DomainListModel:
    return DomainListModel()


@pytest.fixture
def proxy(qtmodeltester: ModelTester, domains: DomainListModel) -> DomainProxy:
    proxy = DomainProxy()
    proxy.add(domains)
    qtmodeltester.check(proxy)
    return proxy


def names(proxy: DomainProxy) -> list[str]:
    return [proxy.index(row, 0).data() for row in range(proxy.rowCount(QModelIndex()))]


def test_numbers_in_names_are_sorted_as_numbers(
    domains: DomainListModel, proxy: DomainProxy
) -> None:
    domains.set_all(info(name) for name in ("vm10", "VM2", "alpha", "vm1"))
    assert names(proxy) == ["alpha", "vm1", "VM2", "vm10"]


def test_many_machines_at_once_are_in_the_same_order_as_one_by_one(
    domains: DomainListModel, proxy: DomainProxy
) -> None:
    wanted = [f"vm{number}" for number in range(100)]
    domains.set_all(info(f"vm{number * 37 % 100}") for number in range(100))
    assert names(proxy) == wanted
    domains.update("", info("vm50b"))
    assert names(proxy)[51] == "vm50b"


def test_running_machines_come_first_when_sorted_by_state(
    domains: DomainListModel, proxy: DomainProxy
) -> None:
    one, two, three = info("a"), info("b", DomainState.RUNNING), info("c", DomainState.PAUSED)
    domains.set_all([one, two, three])
    proxy.set_sort_by(SortBy.STATE)
    assert names(proxy) == ["b", "c", "a"]
    domains.update(one.uuid, replace(one, state=DomainState.RUNNING))
    assert names(proxy) == ["a", "b", "c"]
    proxy.set_sort_by(SortBy.NAME)
    assert names(proxy) == ["a", "b", "c"]


def test_the_filter_finds_every_word_in_name_or_state(
    domains: DomainListModel, proxy: DomainProxy
) -> None:
    domains.set_all([info("debian-12", DomainState.RUNNING), info("debian-13"), info("fedora")])
    proxy.set_filter("DEB")
    assert names(proxy) == ["debian-12", "debian-13"]
    proxy.set_filter("deb run")
    assert names(proxy) == ["debian-12"]
    assert proxy.is_filtered
    proxy.set_filter(" ")
    assert len(names(proxy)) == 3
    assert not proxy.is_filtered


def test_the_filter_finds_words_of_notes(domains: DomainListModel, proxy: DomainProxy) -> None:
    domains.set_all([replace(info("a"), note="Mail of the office"), info("b")])
    proxy.set_filter("mail a")
    assert names(proxy) == ["a"]


def test_the_busiest_come_first_when_sorted_by_cpu_but_not_at_each_look(
    domains: DomainListModel, proxy: DomainProxy
) -> None:
    off, idle, busy = info("a"), info("b", DomainState.RUNNING), info("c", DomainState.RUNNING)
    domains.set_all([off, idle, busy])
    domains.set_cpu_history(busy.uuid, (0.1, 0.9))
    proxy.set_sort_by(SortBy.CPU)
    assert names(proxy) == ["c", "b", "a"]
    domains.set_cpu_history(idle.uuid, (1.0,))
    assert names(proxy) == ["c", "b", "a"]
    proxy.renew()
    assert names(proxy) == ["b", "c", "a"]


def test_what_runs_and_then_what_ran_last_comes_first_when_sorted_by_use(
    domains: DomainListModel,
) -> None:
    never, long_ago, lately, now = (info(name) for name in ("a", "b", "c", "d"))
    now = replace(now, state=DomainState.RUNNING)
    times = {long_ago.uuid: 1000.0, lately.uuid: 2000.0}
    proxy = DomainProxy(lambda uuid: times.get(uuid, 0.0))
    proxy.add(domains)
    domains.set_all([never, long_ago, lately, now])
    proxy.set_sort_by(SortBy.USE)
    assert names(proxy) == ["d", "c", "b", "a"]


def test_an_index_stays_on_its_machine_whatever_happens(
    domains: DomainListModel, proxy: DomainProxy
) -> None:
    domains.set_all(info(f"vm{number}") for number in range(30))
    kept = QPersistentModelIndex(proxy.index(7, 0))
    lost = QPersistentModelIndex(proxy.index(10, 0))
    assert (kept.data(), lost.data()) == ("vm7", "vm10")
    proxy.set_sort_by(SortBy.STATE)
    proxy.set_filter("7")
    assert kept.data() == "vm7"
    assert not lost.isValid()
    proxy.set_filter("")
    uuid = kept.data(DomainRole.KEY).uuid
    row = domains.row(uuid)
    assert row is not None
    assert row.info is not None
    domains.update(uuid, replace(row.info, state=DomainState.RUNNING))
    assert (kept.data(), kept.row()) == ("vm7", 0)
    domains.update(proxy.index(3, 0).data(DomainRole.KEY).uuid, None)
    assert kept.data() == "vm7"


def test_any_series_of_changes_leaves_what_a_fresh_look_would_show(
    domains: DomainListModel, proxy: DomainProxy
) -> None:
    random = Random(5)
    states = (DomainState.RUNNING, DomainState.PAUSED, DomainState.SHUTOFF)
    machines: list[DomainInfo] = []
    proxy.set_sort_by(SortBy.STATE)
    for turn in range(300):
        if turn % 50 == 25:
            proxy.set_filter(random.choice(["", "a", "run", "1"]))
        deed = random.random()
        if deed < 0.4 or not machines:
            name = f"{random.choice('aAb')}{random.randrange(20)}"
            machines.append(info(name, random.choice(states)))
            domains.update("", machines[-1])
        elif deed < 0.5:
            gone = machines.pop(random.randrange(len(machines)))
            domains.update(gone.uuid, None)
        else:
            at = random.randrange(len(machines))
            machines[at] = replace(machines[at], state=random.choice(states))
            domains.update(machines[at].uuid, machines[at])
        shown = names(proxy)
        proxy.renew()
        assert [natural_key(name) for name in names(proxy)] == [natural_key(n) for n in shown]
        for row in range(proxy.rowCount()):
            index = proxy.index(row, 0)
            assert proxy.index_of(index.data(DomainRole.KEY)) == index


def test_a_machine_that_comes_to_match_appears(
    domains: DomainListModel, proxy: DomainProxy
) -> None:
    one = info("one")
    domains.set_all([one])
    proxy.set_filter("export")
    assert names(proxy) == []
    domains.set_activity(one.uuid, Activity("Exporting"))
    assert names(proxy) == ["one"]


def test_many_machines_at_once_are_filtered_too(
    domains: DomainListModel, proxy: DomainProxy
) -> None:
    proxy.set_filter("7")
    domains.set_all(info(f"vm{number}") for number in range(30))
    assert names(proxy) == ["vm7", "vm17", "vm27"]
    assert proxy.index_of(domains.key("nowhere")).isValid() is False
