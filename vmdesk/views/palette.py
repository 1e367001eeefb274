"""The few colours that the window is painted with, all derived from the desktop's palette."""

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtGui import QColor, QGuiApplication, QPalette

READABLE = 4.5
"""The contrast that text needs: WCAG 2.2, success criterion 1.4.3."""
VISIBLE = 3.0
"""The contrast that a graphic needs: WCAG 2.2, success criterion 1.4.11."""

_RUNNING = QColor("#1f9d55")
_PAUSED = QColor("#d08a1d")
_FAILED = QColor("#d92d3a")


@dataclass(frozen=True, slots=True)
class Roles:
    """What each colour is for.

    ``text`` and ``secondary`` are readable on window, surface and selection; ``accent``,
    ``warning`` and ``failed`` on window and surface; ``running`` and ``paused`` are for graphics.
    """

    is_dark: bool
    window: QColor
    """The ground that cards lie on."""
    surface: QColor
    """Cards, lists, the tool bar."""
    text: QColor
    secondary: QColor
    """Text that explains."""
    hairline: QColor
    """Thin lines that part things."""
    accent: QColor
    on_accent: QColor
    selection: QColor
    running: QColor
    paused: QColor
    warning: QColor
    failed: QColor

    @property
    def hover(self) -> QColor:
        """The ground of a control that the pointer is over."""
        return mix(self.surface, self.text, 0.06)

    @property
    def track(self) -> QColor:
        """The empty part of a progress bar, and a picture that isn't there."""
        return mix(self.surface, self.text, 0.13)

    @property
    def disabled(self) -> QColor:
        """Text of a control that can't be used now."""
        return mix(self.surface, self.text, 0.42)


def mix(color: QColor, other: QColor, share: float) -> QColor:
    """Return ``color`` with a ``share`` (0 to 1) of ``other`` in it."""
    pairs = zip(_parts(color), _parts(other), strict=True)
    return QColor.fromRgbF(*(a + (b - a) * share for a, b in pairs))


def contrast(color: QColor, other: QColor) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(color), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def roles() -> Roles:
    """Return the colours for the palette that the application has now."""
    palette = QGuiApplication.palette()
    group = QPalette.ColorGroup.Active
    used = (
        QPalette.ColorRole.Window,
        QPalette.ColorRole.Base,
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Accent,
    )
    return _derive(*(palette.color(group, role).rgb() for role in used))


@lru_cache(maxsize=4)
def _derive(window_rgb: int, base_rgb: int, text_rgb: int, accent_rgb: int) -> Roles:
    text = QColor(text_rgb)
    # Desktops disagree whether fields are darker or lighter than windows; cards are lighter here.
    window, surface = sorted((QColor(window_rgb), QColor(base_rgb)), key=_luminance)
    is_dark = _luminance(window) < _luminance(text)
    if contrast(window, surface) < 1.04:
        surface = mix(surface, text, 0.05) if is_dark else surface
        window = window if is_dark else mix(window, text, 0.05)
    selection = mix(surface, QColor(accent_rgb), 0.24 if is_dark else 0.14)
    grounds = (window, surface, selection)
    text = _readable(text, grounds, is_dark)
    accent = _legible(QColor(accent_rgb), grounds, is_dark)
    return Roles(
        is_dark=is_dark,
        window=window,
        surface=surface,
        text=text,
        secondary=_readable(mix(surface, text, 0.66), grounds, is_dark),
        hairline=mix(surface, text, 0.14),
        accent=accent,
        on_accent=max((QColor("white"), QColor("#101114")), key=lambda on: contrast(on, accent)),
        selection=selection,
        running=_readable(_RUNNING, grounds, is_dark, VISIBLE),
        paused=_readable(_PAUSED, grounds, is_dark, VISIBLE),
        warning=_readable(_PAUSED, grounds[:2], is_dark),
        failed=_legible(_FAILED, grounds, is_dark),
    )


def _readable(
    color: QColor, grounds: tuple[QColor, ...], is_dark: bool, minimum: float = READABLE
) -> QColor:
    """Move ``color`` as little as needed towards white or black to be seen on every ground."""
    end = QColor("white" if is_dark else "black")
    candidates = (mix(color, end, step / 50) for step in range(51))
    return next(
        (c for c in candidates if min(contrast(c, ground) for ground in grounds) >= minimum), end
    )


def _legible(color: QColor, grounds: tuple[QColor, QColor, QColor], is_dark: bool) -> QColor:
    """Make ``color`` fit for text on window and surface, and for graphics also on a selection."""
    return _readable(_readable(color, grounds[:2], is_dark), grounds, is_dark, VISIBLE)


def _parts(color: QColor) -> tuple[float, float, float]:
    return color.redF(), color.greenF(), color.blueF()


def _luminance(color: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in _parts(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
