"""Measure what a key in the filter, another order and a change of state cost with many machines.

    QT_QPA_PLATFORM=offscreen python bench/domain_list.py [--machines N] [--rounds N]

Each figure is the time until the list is painted again, in milliseconds: the median and the worst.
A twentieth of the machines runs, with CPU histories.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from uuid import uuid4

from PySide6.QtWidgets import QApplication

from vmdesk.core.host import DomainInfo, DomainState
from vmdesk.models.domain_list_model import DomainListModel
from vmdesk.views.machines.list_view import DomainListView
from vmdesk.views.machines.order import SortBy
from vmdesk.views.machines.proxy import DomainProxy

TYPED = ("w", "we", "web", "we", "w", "", "run", "machine-1", "")
MEMORY = 4 * 1024**2


def machine(number: int, chance: random.Random) -> DomainInfo:
    name = f"machine-{chance.randrange(10**6)}-{chance.choice(['web', 'db', 'test'])}"
    runs = number % 20 == 0
    state = DomainState.RUNNING if runs else DomainState.SHUTOFF
    uuid, handle = str(uuid4()), number if runs else -1
    return DomainInfo(uuid, handle, name, state, MEMORY, MEMORY, 2, True, False)


class Bench:
    def __init__(self, application: QApplication) -> None:
        self._application = application
        self._times: dict[str, list[float]] = {}

    def measure(self, what: str, deed: Callable[[], object]) -> None:
        begun = time.perf_counter()
        deed()
        self._application.processEvents()
        self._times.setdefault(what, []).append((time.perf_counter() - begun) * 1000)

    def report(self) -> None:
        for what, times in self._times.items():
            print(f"{what:<8} {statistics.median(times):6.1f} ms  worst {max(times):6.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    application, chance = QApplication([]), random.Random(1)
    machines = [machine(number, chance) for number in range(arguments.machines)]
    domains = DomainListModel()
    domains.set_all(machines)
    for one in machines:
        if one.state is DomainState.RUNNING:
            domains.set_cpu_history(one.uuid, tuple(chance.random() for _look in range(120)))
    proxy = DomainProxy(domains)
    view = DomainListView(proxy)
    view.resize(332, 800)
    view.show()
    application.processEvents()
    bench = Bench(application)
    for _round in range(arguments.rounds):
        for text in TYPED:
            bench.measure("filter", partial(proxy.set_filter, text))
        for order in SortBy:
            bench.measure("sort", partial(proxy.set_sort_by, order))
        for state in (DomainState.RUNNING, DomainState.SHUTOFF):
            one = replace(machines[5], state=state)
            bench.measure("change", partial(domains.update, one.uuid, one))
    bench.report()


if __name__ == "__main__":
    main()
