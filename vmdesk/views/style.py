"""The shape of buttons and fields: Qt's own widgets, drawn flat in the palette's few colours."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from vmdesk.views import icons
from vmdesk.views.palette import Roles, mix, roles

UNIT = 4
"""The grid, in device-independent pixels: every distance is a multiple of it."""
RADIUS = 6

_SHEET = """
QPushButton, QToolButton#shaped {{
    color: {text}; background: {surface}; border: 1px solid {hairline}; border-radius: 6px;
    padding: 6px 15px; min-height: 18px;
}}
QPushButton:hover, QToolButton#shaped:hover {{ background: {hover}; }}
QPushButton:pressed, QToolButton#shaped:pressed, QToolButton#shaped:open {{ background: {track}; }}
QPushButton:disabled, QToolButton#shaped:disabled {{ color: {disabled}; }}
QPushButton, QToolButton, QCheckBox, QRadioButton {{ outline: none; }}
QPushButton:focus, QToolButton#shaped:focus {{ border: 2px solid {accent}; padding: 5px 14px; }}
QToolButton#shaped {{ padding: 5px 15px 4px 15px; padding-{after}: 42px; }}
QToolButton#shaped:focus {{ padding: 4px 14px 3px 14px; padding-{after}: 41px; }}
QToolButton#shaped::menu-button {{
    border: none; border-{before}: 1px solid {hairline}; width: 27px; margin: 1px;
    border-top-{after}-radius: 5px; border-bottom-{after}-radius: 5px;
}}
QToolButton#shaped::menu-button:hover {{ background: {track}; }}
QToolButton#shaped::menu-arrow {{
    image: url("{icons}/spin-down.svg"); width: 12px; height: 12px;
}}
QPushButton[kind="primary"] {{
    color: {on_accent}; background: {accent}; border-color: {accent}; font-weight: 600;
}}
QPushButton[kind="primary"]:hover {{ background: {accent_hover}; }}
QPushButton[kind="primary"]:focus {{ border: 2px solid {text}; }}
QPushButton[kind="primary"]:disabled {{
    color: {disabled}; background: {track}; border-color: {track};
}}
QPushButton[kind="danger"] {{ color: {failed}; }}
QPushButton[kind="danger"]:disabled {{ color: {disabled}; }}
QPushButton[kind="link"] {{
    color: {accent}; background: transparent; border: 1px solid transparent; padding: 4px 5px;
    min-height: 16px;
}}
QPushButton[kind="link"]:hover {{ text-decoration: underline; }}
QPushButton[kind="link"]:focus {{ border: 2px solid {accent}; padding: 3px 4px; }}
QToolButton {{
    background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 5px;
}}
QToolButton:hover, QToolButton:open {{ background: {hover}; }}
QToolButton:pressed, QToolButton:checked {{ background: {track}; }}
QToolButton:focus {{ border: 2px solid {accent}; padding: 4px; }}
QToolButton::menu-indicator {{ image: none; }}
QLineEdit, QSpinBox, QPlainTextEdit, QComboBox {{
    color: {text}; background: {surface}; border: 1px solid {field}; border-radius: 6px;
    padding: 6px 9px; selection-background-color: {accent}; selection-color: {on_accent};
}}
QLineEdit, QSpinBox, QComboBox {{ min-height: 18px; }}
QLineEdit:focus, QSpinBox:focus, QPlainTextEdit:focus, QComboBox:focus {{
    border: 2px solid {accent}; padding: 5px 8px;
}}
QSpinBox {{ padding: 5px 9px 4px 9px; }}
QSpinBox:focus {{ padding: 4px 8px 3px 8px; }}
QLineEdit[invalid="true"], QSpinBox[invalid="true"], QPlainTextEdit[invalid="true"] {{
    border-color: {failed};
}}
QLineEdit:disabled, QSpinBox:disabled, QComboBox:disabled {{ color: {disabled}; }}
QComboBox::drop-down {{ border: none; width: 26px; }}
QComboBox::down-arrow {{ image: url("{icons}/spin-down.svg"); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{
    color: {text}; background: {surface}; border: 1px solid {hairline}; outline: none;
    selection-background-color: {selection}; selection-color: {text};
}}
QCheckBox {{
    spacing: 8px; color: {text}; padding: 2px; padding-{before}: 1px; padding-{after}: 4px;
    border: 1px solid transparent;
}}
QCheckBox:focus {{ border: 1px solid {accent}; border-radius: 4px; }}
QCheckBox::indicator {{
    width: 14px; height: 14px; border: 1px solid {edge}; border-radius: 4px; background: {surface};
}}
QCheckBox::indicator:checked {{
    background: {accent}; border-color: {accent}; image: url("{icons}/tick-{tick}.svg");
}}
QRadioButton {{
    spacing: 8px; color: {text}; padding: 2px; padding-{before}: 1px; padding-{after}: 4px;
    border: 1px solid transparent;
}}
QRadioButton:focus {{ border: 1px solid {accent}; border-radius: 4px; }}
QRadioButton::indicator {{
    width: 14px; height: 14px; border: 1px solid {edge}; border-radius: 8px; background: {surface};
}}
QRadioButton::indicator:checked {{
    width: 6px; height: 6px; border: 5px solid {accent}; background: {on_accent};
}}
QCheckBox:disabled, QRadioButton:disabled {{ color: {disabled}; }}
QSpinBox::up-button, QSpinBox::down-button {{
    background: transparent; border: none; width: 24px; subcontrol-origin: border;
}}
QSpinBox::up-button {{ subcontrol-position: top right; margin-top: 2px; }}
QSpinBox::down-button {{ subcontrol-position: bottom right; margin-bottom: 2px; }}
QSpinBox::up-arrow {{ image: url("{icons}/spin-up.svg"); width: 12px; height: 12px; }}
QSpinBox::down-arrow {{ image: url("{icons}/spin-down.svg"); width: 12px; height: 12px; }}
QMenu {{ background: {surface}; border: 1px solid {hairline}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 8px; border-radius: 4px; color: {text}; }}
QMenu::item:selected {{ background: {selection}; }}
QMenu::item:disabled {{ color: {disabled}; }}
QMenu::icon {{ padding-left: 8px; }}
QMenu::separator {{ height: 1px; background: {hairline}; margin: 4px 8px; }}
QToolTip {{ color: {text}; background: {surface}; border: 1px solid {hairline}; padding: 4px; }}
QScrollBar {{ background: transparent; border: none; margin: 0; }}
QScrollBar:vertical {{ width: 12px; }}
QScrollBar:horizontal {{ height: 12px; }}
QScrollBar::handle {{ background: {handle}; border-radius: 3px; margin: 3px; }}
QScrollBar::handle:hover {{ background: {disabled}; }}
QScrollBar::handle:vertical {{ min-height: 36px; }}
QScrollBar::handle:horizontal {{ min-width: 36px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QProgressBar {{ background: {track}; border: none; border-radius: 3px; max-height: 6px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 3px; }}
QSplitter::handle {{ background: {hairline}; }}
QLabel[role="secondary"] {{ color: {secondary}; }}
QLabel[role="problem"] {{ color: {failed}; }}
QLabel[role="warning"] {{ color: {warning}; }}
QLabel[role="strong"] {{ font-weight: 600; }}
QLabel[role="badge"] {{
    color: {text}; background: {selection}; border-radius: 10px; padding: 0 9px;
}}
QListWidget#choices {{
    color: {text}; background: {surface}; border: 1px solid {hairline}; border-radius: 8px;
    padding: 4px; outline: none;
}}
QListWidget#pages {{ color: {text}; background: transparent; border: none; outline: none; }}
QListWidget#choices::item, QListWidget#pages::item {{
    padding: 7px 10px; border: 1px solid transparent; border-radius: 6px; color: {text};
}}
QListWidget#choices::item:hover, QListWidget#pages::item:hover {{ background: {hover}; }}
QListWidget#choices::item:selected, QListWidget#pages::item:selected {{
    background: {selection}; color: {text};
}}
QListWidget#choices::item:focus, QListWidget#pages::item:focus {{ border-color: {accent}; }}
QFrame#notice {{ background: {banner}; border: none; border-radius: 8px; }}
QFrame#card {{ background: {surface}; border: 1px solid {hairline}; border-radius: 8px; }}
QFrame#command {{ background: {window}; border: none; border-radius: 6px; }}
QFrame#bar {{ background: {surface}; border: none; }}
QFrame#line {{ background: {hairline}; border: none; }}
QFrame#banner {{ background: {banner}; border: none; }}
QStackedWidget#list, QListView#domains {{ background: {surface}; border: none; }}
QScrollArea, QScrollArea > QWidget > QWidget#ground {{ background: {window}; border: none; }}
QScrollArea#bar, QScrollArea#bar > QWidget > QWidget#ground {{ background: {surface}; }}
"""


def prepare() -> None:
    """Choose light colours where no desktop has chosen any.

    Qt's style is Fusion there, unless the user has set another one in the environment.
    """
    if QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Unknown:
        with _walking():
            QApplication.setPalette(own_palette(is_dark=False))
    refresh()


def refresh() -> None:
    """Follow the palette that the application has now."""
    application = QApplication.instance()
    sheet = _sheet(roles())
    if isinstance(application, QApplication) and application.styleSheet() != sheet:
        with _walking():
            application.setStyleSheet(sheet)


@contextmanager
def _walking() -> Iterator[None]:
    """Inside, no widget dies: Qt walks over a list of them all, and asks Python on its way.

    A collection of garbage that came just then would leave a closed dialog's widgets in that list.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def own_palette(is_dark: bool) -> QPalette:
    """Return the palette for a session in which no desktop gives one."""
    window, base, text, accent = (
        ("#1d1e20", "#27282b", "#f2f2f3", "#5b9bff")
        if is_dark
        else ("#f3f3f5", "#ffffff", "#1b1c1e", "#2a68dd")
    )
    palette = QPalette(QColor(base), QColor(window))
    for role, color in (
        (QPalette.ColorRole.Base, base),
        (QPalette.ColorRole.Accent, accent),
        (QPalette.ColorRole.Highlight, accent),
        (QPalette.ColorRole.HighlightedText, "#101114" if is_dark else "#ffffff"),
        (QPalette.ColorRole.Link, accent),
        (QPalette.ColorRole.WindowText, text),
        (QPalette.ColorRole.Text, text),
        (QPalette.ColorRole.ButtonText, text),
        (QPalette.ColorRole.ToolTipText, text),
        (QPalette.ColorRole.ToolTipBase, base),
    ):
        palette.setColor(role, QColor(color))
    faint = mix(QColor(base), QColor(text), 0.66)
    palette.setColor(QPalette.ColorRole.PlaceholderText, faint)
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, mix(QColor(base), QColor(text), 0.42))
    return palette


def set_property(widget: QWidget, name: str, value: str | bool) -> None:
    """Set a property that the style sheet asks for, and let it show."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def _sheet(colors: Roles) -> str:
    # Style sheets know left and right only.
    is_mirrored = QGuiApplication.layoutDirection() is Qt.LayoutDirection.RightToLeft
    before, after = ("right", "left") if is_mirrored else ("left", "right")
    return _SHEET.format(
        before=before,
        after=after,
        window=colors.window.name(),
        text=colors.text.name(),
        secondary=colors.secondary.name(),
        banner=mix(colors.surface, colors.paused, 0.16).name(),
        surface=colors.surface.name(),
        hairline=colors.hairline.name(),
        hover=colors.hover.name(),
        track=colors.track.name(),
        disabled=colors.disabled.name(),
        accent=colors.accent.name(),
        on_accent=colors.on_accent.name(),
        warning=colors.warning.name(),
        failed=colors.failed.name(),
        selection=colors.selection.name(),
        accent_hover=mix(colors.accent, colors.text, 0.12).name(),
        edge=mix(colors.surface, colors.text, 0.5).name(),
        tick="white" if colors.on_accent.lightnessF() > 0.5 else "black",
        field=mix(colors.surface, colors.text, 0.24).name(),
        handle=mix(colors.surface, colors.text, 0.25).name(),
        icons=icons.FOLDER.as_posix(),
    )
