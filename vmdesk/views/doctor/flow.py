"""Join the doctor's page to the controller: look, mend, look again, and copy a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from vmdesk.checkup import Examination
from vmdesk.controller import Controller
from vmdesk.views.doctor import page as doctor_page

if TYPE_CHECKING:
    from vmdesk.core.mend import Mend
    from vmdesk.views.doctor.page import DoctorPage


class DoctorFlow(QObject):
    """Opens the doctor's page when it is asked for, or at the start when something is broken."""

    copied = Signal()
    """The report is on the clipboard, and no page of the doctor's says so."""

    def __init__(self, controller: Controller, window: QWidget) -> None:
        super().__init__(window)
        self._controller = controller
        self._window = window
        self._page: DoctorPage | None = None

    def begin(self) -> DoctorPage:
        """Show the page, and examine this computer."""
        page = self._page or self._made()
        self._raise()
        self._look()
        return page

    def begin_at_start(self) -> None:
        """Show the page only if something is broken that was not at the last start."""
        task = self._controller.home.checkup.look_at_start()
        task.succeeded.connect(self._show_news)

    def copy_report(self) -> None:
        """Put a report on the clipboard."""
        self._controller.home.checkup.report().succeeded.connect(self._copy)

    def _made(self) -> DoctorPage:
        page = doctor_page.DoctorPage(self._window)
        page.again_wanted.connect(self._look)
        page.report_wanted.connect(self.copy_report)
        page.mend_wanted.connect(self._mend)
        page.finished.connect(self._forget)
        self._page = page
        return page

    def _raise(self) -> None:
        if self._page is not None:
            self._page.show()
            self._page.raise_()
            self._page.activateWindow()

    def _forget(self) -> None:
        self._page = None

    def _look(self) -> None:
        if self._page is not None:
            self._page.show_looking()
            self._controller.home.checkup.look().succeeded.connect(self._show)

    def _show(self, examination: Examination) -> None:
        if self._page is not None:
            self._page.show_findings(examination.findings)

    def _show_news(self, examination: Examination) -> None:
        if not examination.is_news:
            return
        if self._page is not None:
            self._show(examination)
            return
        self._made().show_findings(examination.findings)
        # To make it and to draw it take 20 ms each: what else waits has its turn in between.
        QTimer.singleShot(0, self, self._raise)

    def _mend(self, mend: Mend) -> None:
        if self._page is not None:
            self._page.set_busy(True)
        # Whatever became of it: what counts is what is so now.
        self._controller.home.checkup.mend(mend).finished.connect(self._look)

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        if self._page is not None:
            self._page.show_copied()
        else:
            self.copied.emit()
