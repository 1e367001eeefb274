"""The list with several connections: sections that are folded, filtered and told apart."""

from dataclasses import replace
from random import Random

import pytest
from PySide6.QtCore import QPersistentModelIndex, QPoint, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.views.conftest import info
from vmdesk.connection import ConnectionState, ConnectionStatus
from vmdesk.core.host import DomainInfo, DomainState
from vmdesk.core.job import OperationError
from vmdesk.models.domain_list_model import DomainListModel, DomainRole
from vmdesk.views.machines.list_view import DomainListView
from vmdesk.views.machines.order import SortBy
from vmdesk.views.machines.proxy import DomainProxy

HOME, SYSTEM = "qemu:///session", "qemu:///system"


@pytest.fixture
def home(qtbot: QtBot) -> DomainListModel:
    return DomainListModel(HOME)


@pytest.fixture
def system(qtbot: QtBot) -> DomainListModel:
    return DomainListModel(SYSTEM)


@pytest.fixture
def proxy(
    qtmodeltester: ModelTester, home: DomainListModel, system: DomainListModel
) -> DomainProxy:
    proxy = DomainProxy()
    proxy.add(home, "Home")
    proxy.add(system, "System")
    qtmodeltester.check(proxy)
    return proxy


def names(proxy: DomainProxy) -> list[str]:
    return [str(proxy.index(row).data()) for row in range(proxy.rowCount())]


def test_one_connection_alone_has_no_header(home: DomainListModel) -> None:
    proxy = DomainProxy()
    proxy.add(home, "Home")
    home.set_all([info("one")])
    assert names(proxy) == ["one"]


def test_each_connection_has_its_machines_below_its_name(
    proxy: DomainProxy, home: DomainListModel, system: DomainListModel
) -> None:
    system.set_all([info("web"), info("mail")])
    home.set_all([info("one")])
    assert names(proxy) == ["Home", "one", "System", "mail", "web"]


def test_two_hosts_may_have_the_same_uuid(
    proxy: DomainProxy, home: DomainListModel, system: DomainListModel
) -> None:
    one = info("here")
    home.set_all([one])
    system.set_all([replace(one, name="there", state=DomainState.RUNNING)])
    assert proxy.index_of(home.key(one.uuid)).data() == "here"
    assert proxy.index_of(system.key(one.uuid)).data() == "there"
    home.update(one.uuid, None)
    assert names(proxy) == ["Home", "System", "there"]


def test_a_folded_section_keeps_its_header_and_counts_on(
    proxy: DomainProxy, home: DomainListModel, system: DomainListModel
) -> None:
    one = info("one")
    home.set_all([one])
    proxy.set_folded(HOME, True)
    assert names(proxy) == ["Home", "System"]
    home.update("", info("two"))
    home.update(one.uuid, replace(one, name="zero"))
    section = proxy.index(0).data(DomainRole.SECTION)
    assert (section.is_folded, section.words) == (True, "2 machines")
    proxy.set_folded(HOME, False)
    assert names(proxy) == ["Home", "two", "zero", "System"]


def test_the_filter_looks_into_folded_sections_and_leaves_out_those_without_a_match(
    proxy: DomainProxy, home: DomainListModel, system: DomainListModel
) -> None:
    home.set_all([info("debian"), info("fedora")])
    proxy.set_folded(HOME, True)
    web = info("web")
    system.set_all([web])
    proxy.set_filter("debian")
    assert names(proxy) == ["Home", "debian"]
    system.update(web.uuid, replace(web, note="on debian"))
    assert names(proxy) == ["Home", "debian", "System", "web"]
    system.update(web.uuid, None)
    assert names(proxy) == ["Home", "debian"]
    proxy.set_filter("")
    assert names(proxy) == ["Home", "System"]


def test_a_removed_connection_takes_its_section_along_and_is_heard_no_more(
    proxy: DomainProxy, home: DomainListModel, system: DomainListModel
) -> None:
    home.set_all([info("one")])
    kept = QPersistentModelIndex(proxy.index(1))
    system.set_all([info("web")])
    proxy.remove(SYSTEM)
    assert names(proxy) == ["one"]
    system.set_all([info("later")])
    assert (kept.data(), kept.row()) == ("one", 0)


def test_a_header_says_why_there_is_no_connection(proxy: DomainProxy) -> None:
    error = OperationError("libvirt is not running.")
    proxy.set_header(SYSTEM, "Lab", ConnectionStatus(ConnectionState.LOST, error, 8.0))
    index = proxy.index(1)
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Lab, Not connected, libvirt is not running."
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "libvirt is not running."


def test_any_series_of_changes_leaves_what_a_fresh_look_would_show(
    proxy: DomainProxy, home: DomainListModel, system: DomainListModel
) -> None:
    random = Random(7)
    states = (DomainState.RUNNING, DomainState.PAUSED, DomainState.SHUTOFF)
    machines: dict[DomainListModel, list[DomainInfo]] = {home: [], system: []}
    proxy.set_sort_by(SortBy.STATE)
    for turn in range(300):
        if turn % 30 == 15:
            proxy.set_filter(random.choice(["", "a", "run", "1"]))
        if turn % 20 == 10:
            proxy.set_folded(random.choice([HOME, SYSTEM]), random.random() < 0.5)
        model = random.choice([home, system])
        known, deed = machines[model], random.random()
        if deed < 0.4 or not known:
            known.append(info(f"{random.choice('ab')}{turn}", random.choice(states)))
            model.update("", known[-1])
        elif deed < 0.6:
            model.update(known.pop(random.randrange(len(known))).uuid, None)
        else:
            at = random.randrange(len(known))
            known[at] = replace(known[at], state=random.choice(states))
            model.update(known[at].uuid, known[at])
        shown = names(proxy)
        proxy.renew()
        assert names(proxy) == shown
        for row in range(proxy.rowCount()):
            index = proxy.index(row)
            assert proxy.index_of(index.data(DomainRole.KEY)) == index


@pytest.fixture
def view(qtbot: QtBot, proxy: DomainProxy, home: DomainListModel) -> DomainListView:
    view = DomainListView(proxy)
    view.fold_wanted.connect(proxy.set_folded)
    qtbot.addWidget(view)
    view.resize(332, 400)
    home.set_all([info("one")])
    with qtbot.waitExposed(view):
        view.show()
    return view


def test_a_click_at_the_sign_folds_and_one_at_the_name_selects(
    qtbot: QtBot, proxy: DomainProxy, view: DomainListView
) -> None:
    header = view.visualRect(proxy.index(0))
    name = header.center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=name)
    assert view.selected_connection == HOME
    assert view.selected_keys() == []
    sign = QPoint(header.left() + 16, header.center().y())
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=sign)
    assert names(proxy) == ["Home", "System"]
    assert view.selected_connection == HOME


def test_sections_are_folded_by_keys(
    qtbot: QtBot, proxy: DomainProxy, view: DomainListView, home: DomainListModel
) -> None:
    view.select([home.key("")])
    qtbot.keyClick(view, Qt.Key.Key_Left)
    assert proxy.folded == {HOME}
    qtbot.keyClick(view, Qt.Key.Key_Right)
    assert proxy.folded == set()
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert names(proxy) == ["Home", "System"]


def test_headers_are_lower_than_machines_and_are_not_in_sight_as_machines(
    proxy: DomainProxy, view: DomainListView, home: DomainListModel
) -> None:
    header, machine = (view.visualRect(proxy.index(row)).height() for row in (0, 1))
    assert header < machine
    assert view.in_sight() == [home.key(home.rows()[0].domain.uuid)]
