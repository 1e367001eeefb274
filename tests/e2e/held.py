"""The window as a program that is asked by lines on stdin: ``python -m tests.e2e.held``.

A program of its own, so that Qt's loop drives libvirt's events as it does for a user: what hangs
there would hold the window's thread. ``begin`` measures anew; ``tell`` prints what is shown and for
how long the thread was held; the end of stdin ends it.
"""

import json
import os
import sys

from PySide6.QtCore import QSocketNotifier

from tests.e2e.heartbeat import Heartbeat
from vmdesk import app
from vmdesk.controller import Controller
from vmdesk.models.domain_list_model import state_text
from vmdesk.views.main_window import MainWindow


class Teller:
    """Carries out one line at a time."""

    def __init__(self, window: MainWindow, controller: Controller) -> None:
        self._window = window
        self._controller = controller
        self._heartbeat = Heartbeat(window)
        self._notifier = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read, window)
        self._notifier.activated.connect(self._hear)

    def _hear(self) -> None:
        match sys.stdin.readline().strip():
            case "begin":
                self._heartbeat.longest_hold = self._heartbeat.longest_work = 0.0
            case "tell":
                print(json.dumps(self._told()), flush=True)
            case _:
                self._notifier.setEnabled(False)
                self._window.close()

    def _told(self) -> dict[str, object]:
        sites = {
            site.uri: {
                "state": site.status.state.value,
                "machines": {
                    row.domain.name: state_text(row.info.state if row.info is not None else None)
                    for row in site.domains.rows()
                },
            }
            for site in self._controller.sites
        }
        beat = self._heartbeat
        return {"sites": sites, "hold": beat.longest_hold, "work": beat.longest_work}


def main() -> None:
    application, window, controller = app.build([])
    window.show()
    _teller = Teller(window, controller)
    application.exec()
    if not controller.shut_down_vmdesk():
        os._exit(0)


if __name__ == "__main__":
    main()
