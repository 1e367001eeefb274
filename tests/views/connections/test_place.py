"""Where a new machine is to be is asked only where there is something to choose."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.core.operations.small_machine import make_iso
from tests.views.conftest import add_lab
from tests.views.test_main_window import dialogs
from vmdesk.controller import Controller
from vmdesk.core.formatting import GIB
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Job
from vmdesk.core.storage.pools import PoolInfo, PoolState
from vmdesk.site import Site
from vmdesk.views.bundles.import_dialog import ImportDialog
from vmdesk.views.connections.place_field import Place, PlaceField
from vmdesk.views.main_window import MainWindow
from vmdesk.views.new_domain.dialog import NewDomainDialog


@pytest.fixture
def other(qtbot: QtBot, window: MainWindow, controller: Controller, tmp_path: Path) -> Site:
    """A second connection, on which the name “disk” is taken."""
    return add_lab(qtbot, controller, tmp_path, "disk")


def test_one_connection_is_not_asked_about(window: MainWindow) -> None:
    dialog = window.ask_new()
    (place,) = dialog.findChildren(PlaceField)
    assert not place.isVisible()
    dialog.reject()


def test_a_new_machine_is_made_where_the_user_wants_it(
    qtbot: QtBot, window: MainWindow, controller: Controller, other: Site, tmp_path: Path
) -> None:
    dialog = window.ask_new(str(make_iso(tmp_path / "disc.iso")))
    assert isinstance(dialog, NewDomainDialog)
    (place,) = dialog.findChildren(PlaceField)
    assert place.value.site is controller.home
    dialog.form.name.edit.setFocus()
    qtbot.keyClicks(dialog.form.name.edit, "disk")
    place.choose(Place(other))
    assert "already" in dialog.form.name.problem
    dialog.form.name.edit.clear()
    qtbot.keyClicks(dialog.form.name.edit, "new")
    qtbot.waitUntil(lambda: dialog.form.is_right)
    dialog.accept()
    assert "new" in other.domains.names()
    assert "new" not in controller.home.domains.names()


def test_what_the_user_looks_at_is_offered_first(
    window: MainWindow, controller: Controller, other: Site
) -> None:
    window.machines.select(other.domains.key(other.domains.rows()[0].domain.uuid))
    dialog = window.ask_new()
    (place,) = dialog.findChildren(PlaceField)
    assert place.value.site is other
    dialog.reject()


def test_an_import_is_looked_at_anew_for_another_place(
    qtbot: QtBot, window: MainWindow, controller: Controller, other: Site, tmp_path: Path
) -> None:
    disk = tmp_path / "disk.qcow2"
    qemu_img.create(disk, 1024**2, Job())
    window.open_files([str(disk)])
    qtbot.waitUntil(lambda: bool(dialogs(window, ImportDialog)))
    (dialog,) = dialogs(window, ImportDialog)
    qtbot.waitUntil(lambda: dialog.form is not None)
    first = dialog.form
    (place,) = dialog.findChildren(PlaceField)
    place.choose(Place(other))
    qtbot.waitUntil(lambda: dialog.form is not first)
    assert dialog.form is not None
    assert "already" in dialog.form.name.problem
    dialog.reject()


def test_each_pool_of_a_connection_is_a_place(qtbot: QtBot, controller: Controller) -> None:
    home, site = controller.home, controller.add("qemu+ssh://lab/system", "Lab")
    field = PlaceField([home, site])
    qtbot.addWidget(field)
    changes: list[Place] = []
    field.choose(Place(site))
    field.follow(lambda: changes.append(field.value))
    field.offer(site, [_pool("default", PoolState.RUNNING), _pool("fast", PoolState.INACTIVE)])
    texts = [field.box.itemText(index) for index in range(field.box.count())]
    assert texts[1:] == ["Lab: default, 3 GiB free", "Lab: fast, which is started for it"]
    assert (field.value, changes) == (Place(site), [])
    field.box.setCurrentIndex(2)
    assert changes == [Place(site, "fast")]


def test_one_pool_is_not_asked_about(qtbot: QtBot, controller: Controller) -> None:
    field = PlaceField([controller.home])
    qtbot.addWidget(field)
    field.offer(controller.home, [_pool("default", PoolState.RUNNING)])
    assert field.box.count() == 1
    assert field.isHidden()


def _pool(name: str, state: PoolState) -> PoolInfo:
    return PoolInfo(name, "dir", state, Path("/pools", name), 8 * GIB, 3 * GIB)
