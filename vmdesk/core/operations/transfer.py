"""Copy or move a machine that is off to another connection, without a file in between."""

from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from vmdesk.core import new_machine_lock, staging
from vmdesk.core.bundle import layout, mend
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import (
    delete,
    export_disks,
    incoming,
    transfer_plan,
)
from vmdesk.core.operations.incoming import ImportOptions
from vmdesk.core.operations.transfer_disks import Carrier
from vmdesk.core.operations.transfer_plan import TransferPlan
from vmdesk.core.storage import places


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """What the user chose. ``folder`` or ``pool`` is for the disks, as for an import.

    ``name`` is None for the machine's own, ``uuid`` for a copy's if it is known before. A move
    that would lose something needs a yes of its own, ``accepts_losses``.
    """

    folder: Path
    pool: str = ""
    name: str | None = None
    uuid: str | None = None
    accepts_losses: bool = False


@dataclass(frozen=True, slots=True)
class TransferResult:
    """The machine there; ``kept`` names what a move has left here."""

    uuid: str
    name: str
    files: tuple[Path, ...]
    losses: tuple[str, ...]
    changed: tuple[str, ...]
    kept: tuple[str, ...] = ()


def survey(source: Host, target: Host, uuid: str, job: Job) -> TransferPlan:
    """Look what the machine would be there, and what would be lost."""
    return transfer_plan.make(source, target, uuid, job)


def copy(
    source: Host, target: Host, uuid: str, options: TransferOptions, job: Job
) -> TransferResult:
    """Make a machine there that is like this one, with an identity of its own; or nothing."""
    plan = survey(source, target, uuid, job)
    return _send(source, target, plan, options, options.uuid or str(uuid4()), job, moves=False)


def move(
    source: Host, target: Host, uuid: str, options: TransferOptions, job: Job
) -> TransferResult:
    """Let the machine be there and no longer here; or only here, as it was.

    What is there is read back and compared before anything is removed here. Raises
    ``OperationError`` (wrong state) for a machine that would lose something without a yes to it.
    """
    plan = survey(source, target, uuid, job)
    _refuse(target, plan, uuid, options)
    done = _send(source, target, plan, options, uuid, job, moves=True)
    if target.domain_info(uuid) is None:
        raise OperationError(
            _("“{name}” is not there, although libvirt did not complain.").format(name=plan.name),
            _("The machine here is as it was."),
        )
    return _removed(source, uuid, done)


def _refuse(target: Host, plan: TransferPlan, uuid: str, options: TransferOptions) -> None:
    if target.domain_info(uuid) is not None:
        raise OperationError(
            _("“{name}” is there already.").format(name=plan.name),
            _("Both connections may lead to the same libvirt. Copy it to have it twice."),
            cause=Cause.WRONG_STATE,
        )
    if plan.losses and not options.accepts_losses:
        raise OperationError(
            _("“{name}” would not be whole there.").format(name=plan.name),
            _("Details has what would be lost. Copy it, or agree to the losses."),
            "\n".join(plan.losses),
            Cause.WRONG_STATE,
        )


def _send(
    source: Host,
    target: Host,
    plan: TransferPlan,
    options: TransferOptions,
    uuid: str,
    job: Job,
    *,
    moves: bool,
) -> TransferResult:
    place = places.choose(target, options.folder, options.pool)
    wish = ImportOptions(options.folder, options.name)
    name = incoming.free_name(target, wish, plan.name)
    text = _("Transfer of {name}").format(name=plan.name)
    with (
        incoming.in_words(options.folder),
        staging.opened(options.folder, text) as stage,
        export_disks.opened(source, plan.disks, stage.folder, job, takes_raw=True) as sources,
    ):
        carrier = Carrier(target, stage, place, layout.stem(name), uuid, job)
        disks = carrier.carry(plan.disks, sources, verifies=moves)
        mend.attach(plan.root, disks, carrier.put_variables(plan.nvram))
        transfer_plan.require_off(source.domain(plan.uuid))
        with new_machine_lock.held(job):
            name = incoming.free_name(target, wish, plan.name)
            taken = incoming.macs(plan.root) & incoming.macs_of_all(target)
            mend.identify(plan.root, name, uuid, keeps_macs=moves and not taken)
            job.report(0, 0, _("Defining the machine"))
            incoming.define(target, stage, plan.root, uuid)
    return TransferResult(uuid, name, tuple(carrier.files), plan.losses, plan.changed)


def _removed(source: Host, uuid: str, done: TransferResult) -> TransferResult:
    """Remove what is there now from here; nothing breaks that off any more."""
    job = Job()
    try:
        approved = {file.path for file in delete.plan(source, uuid, job).deleted}
        deleted = delete.run(source, uuid, approved, force_off=False, job=job)
    except OperationError as error:
        raise OperationError(
            _("“{name}” is there, but the one here could not be removed.").format(name=done.name),
            _("Start only one of them, and delete the other."),
            "\n".join((error.summary, error.hint, error.details)).strip(),
        ) from error
    kept = tuple(f"{file.source}: {file.reason}" for file in deleted.kept)
    return replace(done, kept=kept)
