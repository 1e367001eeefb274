"""Three who use the same machines at once: the window, the terminal and virsh, each at random."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from tests.faults.world import World, answer, bare_xml, new_machine
from tests.guests import MEMTEST_ISO
from vmdesk.bundles import ImportWish
from vmdesk.core.formatting import GIB, KIB, MIB
from vmdesk.core.operations.create import NewDomain
from vmdesk.core.operations.delete import DeletionPlan
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.incoming import ImportResult, Preview
from vmdesk.site import Site
from vmdesk.tasks import Task

Deed = Callable[[str], None]
"""What an actor does to the machine of a UUID."""


@dataclass
class Ledger:
    """The machines that there ought to be, by what each actor was told of its own deeds."""

    uuids: set[str]
    disks: set[str] = field(default_factory=set)
    """Those that have disks: nobody but vmdesk takes these away."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def born(self, uuid: str, *, has_disk: bool = True) -> None:
        with self._lock:
            self.uuids.add(uuid)
            if has_disk:
                self.disks.add(uuid)

    def died(self, uuid: str) -> None:
        with self._lock:
            self.uuids.discard(uuid)
            self.disks.discard(uuid)

    def any(self, chance: random.Random) -> str:
        with self._lock:
            return chance.choice(sorted(self.uuids))

    def any_bare(self, chance: random.Random) -> str | None:
        with self._lock:
            return chance.choice(sorted(self.uuids - self.disks) or [None])


class Terminal:
    """Runs vmdeskctl, one command after the other."""

    def __init__(self, world: World, ledger: Ledger, chance: random.Random) -> None:
        self._world = world
        self._ledger = ledger
        self._chance = chance
        self._number = 0

    def act(self) -> str:
        """Do something, and return what."""
        uuid = self._ledger.any(self._chance)
        self._number += 1
        name = f"by-terminal-{self._number}"
        export = ["export", uuid, "-o", str(self._world.exports / f"{name}.tar.gz")]
        commands: list[list[str]] = [
            ["start", uuid], ["stop", uuid], ["pause", uuid], ["resume", uuid],
            ["modify", uuid, "--memory", str(self._chance.randrange(64, 128))],
            ["modify", uuid, "--rename", name], export, ["delete", uuid, "--yes"],
            ["import", str(self._world.bundle), "--name", name], new_machine(name),
        ]  # fmt: skip
        argv = self._chance.choice(commands)
        done = self._world.run(*argv)
        if done.returncode == 0:
            match argv[0]:
                case "delete":
                    self._ledger.died(uuid)
                case "import" | "create":
                    self._ledger.born(answer(done)["uuid"])
        return f"{argv[0]} → {done.returncode}"


class Outsider:
    """Runs virsh; it makes machines without disks, and takes only such away."""

    def __init__(self, world: World, ledger: Ledger, chance: random.Random) -> None:
        self._world = world
        self._ledger = ledger
        self._chance = chance
        self._number = 0

    def act(self) -> str:
        """Do something, and return what."""
        verb = self._chance.choice(["start", "destroy", "suspend", "resume", "define", "undefine"])
        match verb:
            case "define":
                is_done = self._define()
            case "undefine":
                is_done = self._undefine()
            case _:
                is_done = self._world.virsh(verb, self._ledger.any(self._chance))
        return f"{verb} → {is_done}"

    def _define(self) -> bool:
        self._number += 1
        uuid, xml = bare_xml(f"by-virsh-{self._number}")
        file = self._world.exports.with_name("bare.xml")
        file.write_text(xml)
        is_done = self._world.virsh("define", str(file))
        if is_done:
            self._ledger.born(uuid, has_disk=False)
        return is_done

    def _undefine(self) -> bool:
        uuid = self._ledger.any_bare(self._chance)
        if uuid is None:
            return False
        # Of one that runs, only the definition goes; it goes itself with its guest.
        is_done = self._world.virsh("undefine", uuid)
        self._world.virsh("destroy", uuid)
        if is_done:
            self._ledger.died(uuid)
        return is_done


class Window:
    """Gives the controller one task after the other, on the main thread."""

    def __init__(self, world: World, site: Site, ledger: Ledger, chance: random.Random) -> None:
        self._world = world
        self._site = site
        self._ledger = ledger
        self._chance = chance
        self._number = 0

    def act(self, then: Callable[[str], None]) -> None:
        """Begin something; ``then`` is told what when it is over."""
        uuid = self._ledger.any(self._chance)
        self._number += 1
        name = f"by-window-{self._number}"
        site = self._site
        deeds: dict[str, Callable[[], Task]] = {
            "start": partial(site.start, uuid),
            "force off": partial(site.force_off, uuid),
            "pause": partial(site.pause, uuid),
            "resume": partial(site.resume, uuid),
            "create": partial(self._create, name),
            "export": partial(self._export, uuid, name),
            "import": partial(site.bundles.preview, self._world.bundle),
            "delete": partial(site.deletion_plan, uuid),
        }
        what = self._chance.choice(list(deeds))
        task = deeds[what]()
        task.finished.connect(lambda: self._go_on(what, name, task, then))

    def _go_on(self, what: str, name: str, task: Task, then: Callable[[str], None]) -> None:
        match task.result:
            case Preview() as preview:
                task = self._site.bundles.import_(ImportWish(preview, name))
            case DeletionPlan() as plan:
                task = self._site.delete(plan, delete_disks=True, force_off=True)
                task.succeeded.connect(lambda _done: self._ledger.died(plan.uuid))
            case _:
                then(f"{what} → {task.state.value}")
                return
        task.succeeded.connect(self._note)
        task.finished.connect(lambda: then(f"{what} → {task.state.value}"))

    def _note(self, result: object) -> None:
        if isinstance(result, ImportResult):
            self._ledger.born(result.uuid)

    def _create(self, name: str) -> Task:
        new = NewDomain(str(MEMTEST_ISO), name, GIB, 64 * MIB // KIB, 1, start=False)
        task = self._site.create(new)
        task.succeeded.connect(lambda _made: self._ledger.born(new.uuid))
        return task

    def _export(self, uuid: str, name: str) -> Task:
        target = self._world.exports / f"{name}.tar.gz"
        return self._site.bundles.export(uuid, target, ExportOptions())
