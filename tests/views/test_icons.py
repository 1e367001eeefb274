"""The icons: whole, sharp, and in the colours of the moment."""

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage
from PySide6.QtSvg import QSvgRenderer
from pytestqt.qtbot import QtBot

from tests.views.conftest import SetPalette
from vmdesk.views import icons, style
from vmdesk.views.palette import roles

NAMES = sorted(path.stem for path in icons.FOLDER.glob("*.svg"))


def ink(image: QImage) -> set[str]:
    """The colours of the pixels that are wholly covered."""
    places = [(x, y) for x in range(image.width()) for y in range(image.height())]
    pixels = [image.pixelColor(x, y) for x, y in places]
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


@pytest.mark.parametrize("name", NAMES)
def test_every_icon_is_a_picture(qtbot: QtBot, name: str) -> None:
    assert QSvgRenderer(str(icons.FOLDER / f"{name}.svg")).isValid()
    image = icons.icon(name).pixmap(QSize(24, 24)).toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(24) for y in range(24))


def test_an_icon_follows_the_palette(qtbot: QtBot, set_palette: SetPalette) -> None:
    icon = icons.icon("stop", icons.accent)
    colors = []
    for is_dark in (False, True):
        set_palette(style.own_palette(is_dark))
        assert roles().accent.name() in ink(icon.pixmap(QSize(48, 48)).toImage())
        colors.append(roles().accent)
    assert colors[0] != colors[1]


def test_a_disabled_icon_is_as_faint_as_disabled_text(qtbot: QtBot) -> None:
    image = icons.icon("stop").pixmap(QSize(48, 48), QIcon.Mode.Disabled).toImage()
    assert ink(image) == {roles().disabled.name()}


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_an_icon_has_a_pixel_for_each_of_the_screen(qtbot: QtBot, ratio: float) -> None:
    pixmap = icons.icon("add").pixmap(QSize(16, 16), ratio)
    assert pixmap.size() == QSize(round(16 * ratio), round(16 * ratio))


def test_an_icon_label_shows_another_icon(qtbot: QtBot) -> None:
    label = icons.IconLabel("check", 24, icons.running)
    qtbot.addWidget(label)
    before = label.grab().toImage()
    label.set_icon("error", icons.failed)
    after = label.grab().toImage()
    assert before != after
    assert QColor(roles().failed).name() in ink(after)
