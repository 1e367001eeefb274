"""What a drag over the window would do, said over the whole of it."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QRectF, Qt, QUrl
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from vmdesk.core.bundle import content
from vmdesk.core.i18n import _, ngettext
from vmdesk.views import icons
from vmdesk.views.palette import roles

if TYPE_CHECKING:
    from vmdesk.core.bundle.content import Content

_ICON = 56
_DISC_ENDINGS = (".iso",)
_MACHINE_ENDINGS = (
    ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", ".qcow2", ".vmdk", ".vdi", ".vhdx",
)  # fmt: skip


class Use(enum.Enum):
    """What becomes of a thing that is dropped."""

    MACHINE = "machine"
    DISC = "disc"
    NOTHING = "nothing"
    UNKNOWN = "unknown"


def sources_in(data: QMimeData) -> tuple[str, ...]:
    """Return the paths and web addresses in a drag."""
    urls = data.urls() or [QUrl(line.strip()) for line in data.text().splitlines()]
    found = (url.toLocalFile() if url.isLocalFile() else url.toString() for url in urls)
    return tuple(source for source in found if source.startswith(("/", "http://", "https://")))


def likely_use(source: str) -> Use:
    """Guess by the name, until somebody has looked into the file.

    A web address is taken at its word: the page that it opens looks what is there.
    """
    if not source.startswith("/") or source.lower().endswith(_DISC_ENDINGS):
        return Use.DISC
    return Use.MACHINE if source.lower().endswith(_MACHINE_ENDINGS) else Use.UNKNOWN


def use_of(held: Content) -> Use:
    """Return what becomes of a file by what it holds."""
    return Use.DISC if held is content.Content.DISC else Use.MACHINE


class DropOverlay(QWidget):
    """Covers its parent while something is dragged over it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._uses: dict[str, Use] = {}
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def words(self) -> str:
        """What the overlay says."""
        uses = list(self._uses.values())
        machines, discs = uses.count(Use.MACHINE), uses.count(Use.DISC)
        if Use.UNKNOWN in uses:
            return _("Looking what this is…")
        if machines and discs:
            return _("Open {count} files").format(count=machines + discs)
        if machines:
            text = ngettext(
                "Import as a virtual machine", "Import {count} virtual machines", machines
            )
            return text.format(count=machines)
        if discs:
            text = ngettext("Use as an installation disc", "Use {count} installation discs", discs)
            return text.format(count=discs)
        return _("vmdesk can’t read this")

    @property
    def remark(self) -> str:
        """What has to be said of the rest of several files."""
        uses = list(self._uses.values())
        bad = uses.count(Use.NOTHING)
        if not bad or bad == len(uses) or Use.UNKNOWN in uses:
            return ""
        text = ngettext("{count} other can’t be read", "{count} others can’t be read", bad)
        return text.format(count=bad)

    def show_for(self, sources: Sequence[str]) -> None:
        """Say what will become of the things that are dragged."""
        self._uses = {source: likely_use(source) for source in sources}
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()
        self._tell()

    def set_use(self, source: str, use: Use) -> None:
        """Correct the guess about a source, if it is still over the window."""
        if source in self._uses:
            self._uses[source] = use
            self._tell()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a veil, a frame, an icon and the words."""
        colors = roles()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(colors.window)
        veil.setAlphaF(0.94)
        painter.fillRect(self.rect(), veil)
        name, color = self._icon()
        painter.setPen(QPen(color, 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(24, 24, -24, -24), 12, 12)
        box = QRectF(0, 0, _ICON, _ICON)
        box.moveCenter(QRectF(self.rect()).center())
        icons.paint(painter, name, box, color)
        plain = painter.font()
        big = painter.font()
        big.setPointSizeF(big.pointSizeF() * 1.3)
        painter.setFont(big)
        painter.setPen(colors.text)
        below = QRectF(0, box.bottom() + 16, self.width(), 32)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, self.words)
        painter.setFont(plain)
        painter.setPen(colors.secondary)
        below.translate(0, 32)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, self.remark)
        painter.end()

    def _icon(self) -> tuple[str, QColor]:
        uses = set(self._uses.values())
        if Use.UNKNOWN in uses:
            return "search", roles().secondary
        if Use.MACHINE in uses:
            return "import", roles().accent
        return ("disc", roles().accent) if Use.DISC in uses else ("error", roles().secondary)

    def _tell(self) -> None:
        self.setAccessibleName(f"{self.words} {self.remark}".strip())
        self.update()
