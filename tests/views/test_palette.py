"""The colours: readable whatever the desktop's palette."""

import pytest
from PySide6.QtGui import QColor, QPalette

from tests.views.conftest import SetPalette
from vmdesk.views import style
from vmdesk.views.palette import READABLE, VISIBLE, contrast, mix, roles


def desktop(window: str, base: str, text: str, accent: str) -> QPalette:
    palette = QPalette(QColor(window))
    for role, color in (
        (QPalette.ColorRole.Window, window),
        (QPalette.ColorRole.Base, base),
        (QPalette.ColorRole.WindowText, text),
        (QPalette.ColorRole.Accent, accent),
    ):
        palette.setColor(role, QColor(color))
    return palette


PALETTES = {
    "own light": style.own_palette(is_dark=False),
    "own dark": style.own_palette(is_dark=True),
    "Breeze light": desktop("#eff0f1", "#ffffff", "#232629", "#3daee9"),
    "Breeze dark": desktop("#202326", "#141618", "#fcfcfc", "#3daee9"),
    "Adwaita with a yellow accent": desktop("#fafafb", "#ffffff", "#323232", "#e5a50a"),
    "one grey for all": desktop("#333333", "#333333", "#dddddd", "#444444"),
    "black on white": desktop("#ffffff", "#ffffff", "#000000", "#000000"),
}


@pytest.fixture(params=PALETTES)
def palette(request: pytest.FixtureRequest, set_palette: SetPalette) -> None:
    set_palette(PALETTES[request.param])


@pytest.mark.usefixtures("palette")
def test_text_is_readable_on_every_ground() -> None:
    colors = roles()
    for ground in (colors.window, colors.surface, colors.selection):
        for text in (colors.text, colors.secondary):
            assert contrast(text, ground) >= READABLE
    for ground in (colors.window, colors.surface):
        for text in (colors.accent, colors.warning, colors.failed):
            assert contrast(text, ground) >= READABLE
    assert contrast(colors.on_accent, colors.accent) >= READABLE


@pytest.mark.usefixtures("palette")
def test_a_dot_is_seen_in_a_row_whether_selected_or_not() -> None:
    colors = roles()
    for ground in (colors.surface, colors.selection):
        for dot in (colors.running, colors.paused, colors.failed, colors.accent):
            assert contrast(dot, ground) >= VISIBLE


@pytest.mark.usefixtures("palette")
def test_a_card_is_told_from_the_ground_it_lies_on() -> None:
    colors = roles()
    assert colors.window != colors.surface
    assert colors.hairline not in (colors.window, colors.surface)


def test_the_colours_follow_the_palette(set_palette: SetPalette) -> None:
    set_palette(PALETTES["own light"])
    assert not roles().is_dark
    set_palette(PALETTES["own dark"])
    assert roles().is_dark


def test_contrast_is_what_the_guidelines_say() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


def test_mixing_goes_from_one_colour_to_the_other() -> None:
    black, white = QColor("black"), QColor("white")
    assert mix(black, white, 0) == black
    assert mix(black, white, 1) == white
    assert mix(black, white, 0.5).red() in (127, 128)
