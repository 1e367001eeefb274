"""Render the application's icon in the usual sizes: ``render_icons.py DIR`` fills DIR/hicolor."""

import shutil
import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

# https://specifications.freedesktop.org/icon-theme-spec/latest/
ICONS = Path(__file__).resolve().parents[1] / "resources" / "icons"
SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
"""Pixels."""


def main() -> None:
    """Lay out the icon as a theme has it: each size, the drawing itself, and the symbolic one."""
    theme = Path(sys.argv[1]) / "hicolor"
    renderer = QSvgRenderer(str(ICONS / "vmdesk.svg"))
    for size in SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        folder = _folder(theme, f"{size}x{size}")
        if not image.save(str(folder / "vmdesk.png"), quality=0):
            sys.exit(f"{folder} can't be written to")
    shutil.copy(ICONS / "vmdesk.svg", _folder(theme, "scalable"))
    shutil.copy(ICONS / "vmdesk-symbolic.svg", _folder(theme, "symbolic"))


def _folder(theme: Path, name: str) -> Path:
    folder = theme / name / "apps"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main()
