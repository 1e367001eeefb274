"""Filter and order of the list."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.views.conftest import info
from vmdesk.core.host import DomainState
from vmdesk.models.domain_list_model import Activity, DomainListModel
from vmdesk.views.domain_proxy import DomainProxy, SortBy


@pytest.fixture
def domains(qtbot: QtBot) -> DomainListModel:
    return DomainListModel()


@pytest.fixture
def proxy(qtmodeltester: ModelTester, domains: DomainListModel) -> DomainProxy:
    proxy = DomainProxy(domains)
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
    assert proxy.index_of("nowhere").isValid() is False
