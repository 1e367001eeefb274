"""The controller's part for what stands in the way: examine, mend, and report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, qVersion

from vmdesk.core import report
from vmdesk.core.doctor import examination, finding, mending
from vmdesk.core.job import Job
from vmdesk.tasks import Task
from vmdesk.work import Work

if TYPE_CHECKING:
    from vmdesk.core.doctor.finding import Finding
    from vmdesk.core.mend import Mend


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, and whether something is broken that was not when vmdesk last started."""

    findings: tuple[Finding, ...]
    is_news: bool = False


class Checkup(QObject):
    """What the views ask for when a user wants to know what is wrong with this computer."""

    def __init__(self, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work

    def look(self) -> Task:
        """Examine this computer; the task's result is an ``Examination``."""
        return self._work.ask(lambda job: Examination(self._examine(job)))

    def look_at_start(self) -> Task:
        """Examine this computer, and remember what is broken for the next start."""

        def look(job: Job) -> Examination:
            findings = self._examine(job)
            return Examination(findings, mending.is_news(findings))

        return self._work.ask(look)

    def mend(self, mend: Mend) -> Task:
        """Run the command of a mend; the user has seen it."""
        run = partial(mending.run, mend, self._work.host.asking.agent)
        return self._work.operate(mend.text, run, "", lambda: self.mend(mend))

    def report(self) -> Task:
        """Examine this computer; the task's result is the text for a bug report."""
        versions = {"Qt": qVersion(), "Connection": self._work.host.uri}
        return self._work.ask(lambda job: report.write(self._examine(job), versions))

    def _examine(self, job: Job) -> tuple[Finding, ...]:
        host, folders = self._work.host, self._work.folders
        # The window's own, if it has one: each further one costs libvirt's test driver megabytes.
        connection = host.connection if host.is_open else None
        surroundings = finding.Surroundings(
            host.uri, folders.disks, folders.isos, connection=connection
        )
        return examination.run(surroundings, job)
