"""What the endpoints of machines do: look them up and hand over to the operations."""

import os
from dataclasses import replace
from uuid import uuid4

from vmdesk.api.jobs import JsonObject
from vmdesk.api.services import Services
from vmdesk.core import details, disk_users, iso_library
from vmdesk.core.formatting import GIB, KIB, MIB
from vmdesk.core.host import DomainInfo
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import (
    changes,
    create,
    delete,
    disk_size,
    eject,
    modify,
    rename,
    start_stop,
)
from vmdesk.core.operations.changes import Changes
from vmdesk.core.operations.create import NewDomain
from vmdesk.core.operations.definition import Definition


def list_vms(services: Services) -> list[JsonObject]:
    """Return all machines by name; ``id`` and ``state`` are libvirt's numbers, the first -1 off."""
    infos = sorted(services.host.domains(), key=lambda info: info.name)
    return [{"id": info.id, "name": info.name, "state": int(info.state)} for info in infos]


def create_vm(
    services: Services,
    iso_url: str,
    name: str | None,
    disk_size_gb: int,
    memory_mb: int,
    vcpu_count: int,
) -> JsonObject:
    """Begin to create a machine, and say which job does it."""
    host, uuid = services.host, str(uuid4())
    new = NewDomain(
        source=iso_url,
        name=name or uuid,
        disk_size=disk_size_gb * GIB,
        memory=memory_mb * MIB // KIB,
        vcpus=vcpu_count,
        uuid=uuid,
    )
    create.check(host, new, services.folders)
    suggested = _suggested_name(services, new)
    if name is None:
        taken = {info.name for info in host.domains()}
        new = replace(new, name=create.unique_name(suggested, taken))

    def work(job: Job) -> JsonObject:
        made = create.run(host, new, services.folders, job)
        return {
            "created": made.name,
            "uuid": made.uuid,
            "disk": str(made.disk),
            "iso": str(made.iso.path),
            "iso_verification": made.iso.verification.value,
            "kvm": made.uses_kvm,
        }

    title = _("Creating “{name}”").format(name=new.name)
    entry = services.jobs.start(title, new.name, new.uuid, work)
    return {"job": f"/jobs/{entry.id}", "name": new.name, "uuid": new.uuid}


def _suggested_name(services: Services, new: NewDomain) -> str:
    """Look at the ISO: that there is none is worth saying before the answer."""

    def work(job: Job) -> JsonObject:
        return {"name": iso_library.probe(new.source, services.folders.isos, job).name}

    try:
        looked = services.jobs.run(_("Looking at the ISO"), new.name, new.uuid, work)
    except OperationError as error:
        raise OperationError(error.summary, error.hint, error.details) from error
    return str(looked["name"])


def delete_vm(services: Services, vm_name: str) -> JsonObject:
    """Delete a machine with all of its disks that may go; it is forced off."""
    host, info = services.host, services.domain(vm_name)

    def work(job: Job) -> JsonObject:
        plan = delete.plan(host, info.uuid, job)
        approved = [file.path for file in plan.deleted]
        done = delete.run(host, info.uuid, approved, True, job)
        return {"deleted": done.name, "files": [str(path) for path in done.deleted]}

    return services.run(_("Deleting “{name}”"), info, work)


def modify_vm(
    services: Services,
    vm_name: str,
    memory_mb: int | None,
    vcpu_count: int | None,
    disk_size_gb: int | None,
    new_name: str | None,
) -> JsonObject:
    """Change a machine that is off; whatever can be checked is, before the first change."""
    host, info = services.host, services.domain(vm_name)
    wanted = Changes(
        memory_kib=None if memory_mb is None else memory_mb * MIB // KIB, vcpus=vcpu_count
    )

    def work(job: Job) -> JsonObject:
        found = Definition(host, info.uuid)
        found.require_off(_("Stop it first."))
        changes.check(host, found.edited(), wanted)
        if new_name is not None and (problem := rename.problem(host, info.uuid, new_name)):
            raise OperationError(problem, cause=Cause.INVALID_VALUE)
        if disk_size_gb is not None:
            target = _first_disk(services, info)
            disk_size.grow(host, info.uuid, target, disk_size_gb * GIB, job)
        if wanted != Changes():
            modify.run(host, info.uuid, wanted, job)
        if new_name is not None:
            rename.run(host, info.uuid, new_name, job)
        return {"modified": new_name or info.name, "uuid": info.uuid}

    return services.run(_("Changing “{name}”"), info, work)


def _first_disk(services: Services, info: DomainInfo) -> str:
    disks = details.read(services.host, info.uuid, services.folders.isos).disks
    if not disks:
        raise OperationError(
            _("“{name}” has no disk.").format(name=info.name), cause=Cause.WRONG_STATE
        )
    return disks[0].target


def unmount_iso(services: Services, vm_name: str) -> JsonObject:
    """Take the disc out of all drives."""
    host, info = services.host, services.domain(vm_name)

    def work(job: Job) -> JsonObject:
        drives = eject.run(host, info.uuid, job)
        return {"ejected": [drive.target for drive in drives], "name": info.name}

    return services.run(_("Ejecting the disc of “{name}”"), info, work)


def start_vm(services: Services, vm_name: str) -> JsonObject:
    """Start a machine."""
    host, info = services.host, services.domain(vm_name)

    def work(job: Job) -> JsonObject:
        try:
            start_stop.start(host, info.uuid, job)
        except OperationError as error:
            raise with_missing_disk(services, info, error) from error
        return {"started": info.name, "uuid": info.uuid}

    return services.run(_("Starting “{name}”"), info, work)


def stop_vm(services: Services, vm_name: str) -> JsonObject:
    """Take the power away."""
    host, info = services.host, services.domain(vm_name)

    def work(job: Job) -> JsonObject:
        start_stop.force_off(host, info.uuid, job)
        return {"stopped": info.name, "uuid": info.uuid}

    return services.run(_("Stopping “{name}”"), info, work)


def with_missing_disk(
    services: Services, info: DomainInfo, error: OperationError
) -> OperationError:
    """Return ``error``, as “not found” if a disk of the machine isn't where it should be."""
    host = services.host
    if error.cause is not Cause.FAILED or not disk_users.are_here(host):
        return error
    disks = details.read(host, info.uuid, services.folders.isos).disks
    if all(disk.path is None or os.path.lexists(disk.path) for disk in disks):
        return error
    return OperationError(error.summary, error.hint, error.details, Cause.NOT_FOUND)
