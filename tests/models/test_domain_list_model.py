"""The list of domains: the smallest change for each event."""

from dataclasses import replace
from uuid import uuid4

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from vmdesk.core.host import DomainInfo, DomainState
from vmdesk.models.domain_list_model import Activity, DomainListModel, DomainRole, PendingDomain


def info(name: str, state: DomainState = DomainState.SHUTOFF) -> DomainInfo:
    return DomainInfo(
        uuid=str(uuid4()),
        id=-1,
        name=name,
        state=state,
        memory=4 * 1024**2,
        max_memory=4 * 1024**2,
        vcpus=2,
        is_persistent=True,
        has_managed_save=False,
    )


@pytest.fixture
def model(qtmodeltester: ModelTester, qtbot: QtBot) -> DomainListModel:
    model = DomainListModel()
    qtmodeltester.check(model)
    return model


def names(model: DomainListModel) -> list[object]:
    return [model.index(row).data() for row in range(model.rowCount())]


def test_a_full_list_is_inserted_at_once(qtbot: QtBot, model: DomainListModel) -> None:
    with qtbot.waitSignal(model.rowsInserted, check_params_cb=lambda _p, a, b: (a, b) == (0, 999)):
        model.set_all(info(f"vm{number}") for number in range(1000))


def test_a_fresh_list_changes_only_what_differs(qtbot: QtBot, model: DomainListModel) -> None:
    one, two, three = info("one"), info("two"), info("three")
    model.set_all([one, two, three])
    four = info("four")
    with qtbot.assertNotEmitted(model.modelReset):
        model.set_all([one, replace(three, name="drei"), four])
    assert names(model) == ["one", "drei", "four"]


def test_an_event_changes_one_row(qtbot: QtBot, model: DomainListModel) -> None:
    one, two = info("one"), info("two")
    model.set_all([one, two])
    with qtbot.waitSignal(model.dataChanged, check_params_cb=lambda a, *_: a.row() == 1):
        model.update(two.uuid, replace(two, state=DomainState.RUNNING))
    assert model.index(1).data(DomainRole.STATE_TEXT) == "Running"


def test_a_state_that_an_event_tells_is_for_a_domain_that_runs(
    qtbot: QtBot, model: DomainListModel
) -> None:
    runs, is_off = info("runs", DomainState.RUNNING), info("off")
    model.set_all([runs, is_off])
    for uuid in (runs.uuid, is_off.uuid, str(uuid4())):
        model.set_state(uuid, DomainState.PAUSED)
    paused = replace(runs, state=DomainState.PAUSED)
    assert [row.domain for row in model.rows()] == [paused, is_off]
    with qtbot.assertNotEmitted(model.dataChanged):
        model.set_state(runs.uuid, DomainState.PAUSED)


def test_an_event_that_changes_nothing_is_silent(qtbot: QtBot, model: DomainListModel) -> None:
    one = info("one")
    model.set_all([one])
    with qtbot.assertNotEmitted(model.dataChanged):
        model.update(one.uuid, replace(one))


def test_a_domain_that_is_gone_loses_its_row(model: DomainListModel) -> None:
    one, two = info("one"), info("two")
    model.set_all([one, two])
    model.update(one.uuid, None)
    model.update("never there", None)
    assert names(model) == ["two"]
    assert model.index_of(two.uuid).row() == 0


def test_a_domain_being_made_becomes_a_real_one_in_its_row(model: DomainListModel) -> None:
    real = info("new")
    model.add_pending(PendingDomain(real.uuid, "new", real.memory, real.vcpus))
    assert model.index(0).data(DomainRole.STATE_TEXT) == "Being made"
    model.set_all([])
    assert names(model) == ["new"]
    model.update(real.uuid, real)
    model.remove_pending(real.uuid)
    assert model.index(0).data(DomainRole.INFO) == real


def test_a_domain_that_was_not_made_is_taken_back(model: DomainListModel) -> None:
    model.add_pending(PendingDomain("uuid", "new", 1024, 1))
    model.remove_pending("uuid")
    assert model.rowCount() == 0


def test_an_activity_takes_the_place_of_the_state(model: DomainListModel) -> None:
    one = info("one")
    model.set_all([one])
    activity = Activity("Downloading", 0.43)
    model.set_activity(one.uuid, activity)
    assert model.index(0).data(DomainRole.ACTIVITY) == activity
    assert model.index(0).data(DomainRole.STATE_TEXT) == "Downloading"
    model.set_activity(one.uuid, None)
    assert model.index(0).data(DomainRole.STATE_TEXT) == "Off"


def test_no_state_is_claimed_without_a_connection(model: DomainListModel) -> None:
    model.set_all([info("one", DomainState.RUNNING)])
    model.set_current(False)
    assert model.index(0).data(DomainRole.STATE) is None
    assert model.index(0).data(DomainRole.STATE_TEXT) == "Unknown"
    model.set_current(True)
    assert model.index(0).data(DomainRole.STATE) is DomainState.RUNNING


def test_the_last_picture_stays_and_the_cpu_history_goes(model: DomainListModel) -> None:
    one = info("one", DomainState.RUNNING)
    model.set_all([one])
    picture = QImage(4, 3, QImage.Format.Format_RGB32)
    model.set_picture(one.uuid, picture)
    model.set_cpu_history(one.uuid, (0.1, 0.2))
    model.update(one.uuid, replace(one, state=DomainState.SHUTOFF))
    assert model.index(0).data(DomainRole.PICTURE) == picture
    assert model.index(0).data(DomainRole.CPU_HISTORY) == ()


def test_use_of_cpus_is_told_where_a_graph_shows_it_and_kept_as_it_is(
    model: DomainListModel,
) -> None:
    one = info("one", DomainState.RUNNING)
    model.set_all([one])
    told: list[object] = []
    model.dataChanged.connect(lambda *_what: told.append(model.index(0)))
    for share in (0.5, 0.501, 0.503):
        model.set_cpu_history(one.uuid, (share,))
    assert len(told) == 1
    assert model.index(0).data(DomainRole.CPU_HISTORY) == (0.503,)
    model.set_cpu_history(one.uuid, (0.6,))
    assert len(told) == 2


def test_a_row_speaks_its_name_and_state(model: DomainListModel) -> None:
    model.set_all([info("one")])
    assert model.index(0).data(Qt.ItemDataRole.AccessibleTextRole) == "one, Off"
    assert model.index(0).data(DomainRole.HARDWARE_TEXT) == "2 CPUs · 4 GiB"
