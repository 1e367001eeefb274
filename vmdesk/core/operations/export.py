"""Write a machine that is off into one file: description, disks, firmware variables."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import libvirt
from lxml import etree

from vmdesk.core import disk_users, staging
from vmdesk.core.bundle import layout
from vmdesk.core.bundle import writer as bundle_writer
from vmdesk.core.bundle.layout import ArchiveForm, Role
from vmdesk.core.bundle.writer import BundleWriter, Source, StreamSource
from vmdesk.core.domain import guest_state
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.image import header, qemu_img
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.operations import export_disks, uefi_variables
from vmdesk.core.operations.export_disks import ExportDisk


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What the user chose. Discarding the saved state and TPM secrets need a yes of their own."""

    form: ArchiveForm = ArchiveForm.TAR_GZ
    with_tpm: bool = False
    overwrites: bool = False
    discards_saved_state: bool = False


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What was written: its size in bytes, and what the user should know about it."""

    path: Path
    size: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What an export would take along, for a window to ask about it before.

    ``required_bytes`` is what the largest form, with its copies on the way, may need. ``notes``
    is what the user should know about the disks.
    """

    uuid: str
    name: str
    has_saved_state: bool
    has_tpm: bool
    required_bytes: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an export is to go; ``free_bytes`` is None if there's no folder to write to."""

    path: Path
    exists: bool
    free_bytes: int | None


@dataclass(frozen=True, slots=True)
class _State:
    """What the machine remembers outside of its disks."""

    nvram: bytes | None
    tpm: bytes | None


def target_path(place: Path, name: str, form: ArchiveForm) -> Path:
    """Return where a machine is exported to: ``place`` itself, or in it if it is a folder."""
    return place / f"{layout.stem(name)}.{form.value}" if place.is_dir() else place


def survey(host: Host, uuid: str, job: Job) -> Survey:
    """Look at a machine that is off; raises ``OperationError`` for one that can't be exported."""
    domain = _domain_that_is_off(host, uuid)
    with translated():
        xml = DomainXml.parse(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        has_saved_state = bool(domain.hasManagedSaveImage())
    notes: list[str] = []
    disks = export_disks.find(host, xml, notes, job)
    copies = sum(disk.info.actual_size for disk in disks if not disk.is_whole)
    return Survey(
        uuid=uuid,
        name=xml.name,
        has_saved_state=has_saved_state,
        has_tpm=disk_users.are_here(host)
        and os.access(guest_state.tpm_path(host.uri, uuid), os.R_OK),
        required_bytes=copies + sum(disk.info.actual_size for disk in disks),
        notes=tuple(notes),
    )


def look_at_place(path: Path, _job: Job) -> Place:
    """Look whether something of this name is there, and how much room."""
    folder = path.parent
    can_be_written = os.access(folder, os.W_OK | os.X_OK) and folder.is_dir()
    free = shutil.disk_usage(folder).free if can_be_written else None
    return Place(path, os.path.lexists(path), free)


def run(host: Host, uuid: str, target: Path, options: ExportOptions, job: Job) -> ExportResult:
    """Export the machine to ``target`` (a file, or the folder for one named after it).

    Afterwards the whole file is there and on the disk, or nothing. Raises ``OperationError``:
    wrong state for a machine that runs or is saved, invalid value for a file that exists.
    """
    job.report(0, 0, _("Looking at the machine"))
    domain = _domain_that_is_off(host, uuid)
    _refuse_saved_state(domain, options)
    with translated():
        name = domain.name()
        xml = DomainXml.parse(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    path = _checked_target(target, name, options)
    notes: list[str] = []
    disks = export_disks.find(host, xml, notes, job)
    text = _("Export of {name} to {path}").format(name=name, path=path)
    try:
        with (
            staging.opened(path.parent, text) as stage,
            export_disks.opened(host, disks, stage.folder, job) as sources,
        ):
            state = _state(host, xml, options, stage.folder, notes, job)
            part = stage.folder / "part"
            _write(part, xml, list(zip(disks, sources, strict=True)), state, options.form, job)
            # Not before, or a cancel would lose the state for nothing.
            _discard_saved_state(domain)
            if options.overwrites:
                stage.replace(part, path)
            else:
                stage.place({part: path})
    except OSError as exc:
        raise _in_words(exc, path) from exc
    return ExportResult(path, path.stat().st_size, tuple(notes))


def _state(
    host: Host, xml: DomainXml, options: ExportOptions, folder: Path, notes: list[str], job: Job
) -> _State:
    nvram = uefi_variables.read(host, xml)
    if nvram.is_lost:
        notes.append(_("The UEFI variables can’t be read here; an import makes new ones."))
    tpm = guest_state.tpm_path(host.uri, xml.uuid) if options.with_tpm else None
    if tpm is not None and (not disk_users.are_here(host) or not os.access(tpm, os.R_OK)):
        notes.append(_("The TPM’s state can’t be read here; it is left out."))
        tpm = None
    return _State(_raw(nvram.data, folder, job), _readable(tpm, layout.MAX_TPM_BYTES))


def _domain_that_is_off(host: Host, uuid: str) -> libvirt.virDomain:
    domain = host.domain(uuid)
    with translated():
        if domain.isActive():
            raise OperationError(
                _("The machine {name} is running.").format(name=domain.name()),
                _("Shut it down first: the disk of a running machine can’t be copied."),
                cause=Cause.WRONG_STATE,
            )
    return domain


def _refuse_saved_state(domain: libvirt.virDomain, options: ExportOptions) -> None:
    with translated():
        if domain.hasManagedSaveImage() and not options.discards_saved_state:
            raise OperationError(
                _("The machine {name} is saved in the middle of its work.").format(
                    name=domain.name()
                ),
                _("Start it and shut it down, or discard the saved state."),
                cause=Cause.WRONG_STATE,
            )


def _discard_saved_state(domain: libvirt.virDomain) -> None:
    with translated():
        if domain.hasManagedSaveImage():
            domain.managedSaveRemove()


def _checked_target(target: Path, name: str, options: ExportOptions) -> Path:
    try:
        path = target_path(target, name, options.form).absolute()
        _check_target(path, options)
    except OSError as exc:  # a folder that may not be entered
        raise _in_words(exc, target) from exc
    return path


def _check_target(path: Path, options: ExportOptions) -> None:
    if not path.parent.is_dir():
        raise OperationError(
            _("The folder {path} does not exist.").format(path=path.parent),
            cause=Cause.INVALID_VALUE,
        )
    if os.path.lexists(path) and not (options.overwrites and path.is_file()):
        raise OperationError(
            _("The file {path} exists already.").format(path=path),
            _("Choose another name, or say that it is to be overwritten."),
            cause=Cause.INVALID_VALUE,
        )


def _write(
    part: Path,
    xml: DomainXml,
    disks: list[tuple[ExportDisk, Source | StreamSource]],
    state: _State,
    form: ArchiveForm,
    job: Job,
) -> None:
    total = sum(source.data_size for _disk, source in disks)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        job.report(done, total, _("Exporting"))

    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        sources = [source for _disk, source in disks]
        export_disks.check_room(descriptor, part.parent, sources, form)
        with bundle_writer.writing(descriptor, form, xml.name, advance) as writer:
            _add_members(writer, xml, disks, state)
        job.report(total, total, _("Waiting for the disk"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _add_members(
    writer: BundleWriter,
    xml: DomainXml,
    disks: list[tuple[ExportDisk, Source | StreamSource]],
    state: _State,
) -> None:
    stem = layout.stem(xml.name)
    names = []
    for index, (disk, _source) in enumerate(disks):
        name = layout.disk_name(stem, disk.device.target, index)
        names.append(name.removesuffix("qcow2") + disk.stored_format)
        export_disks.point_to(disk.device, names[-1], disk.stored_format)
    comment = layout.required_hint(sum(source.data_size for _disk, source in disks))
    description = etree.tostring(xml.root, encoding="utf-8")
    writer.add_bytes(f"{stem}.xml", Role.DOMAIN, description, comment)
    for name, (disk, source) in zip(names, disks, strict=True):
        if isinstance(source, Source):
            writer.add_disk(name, source, disk.device.target, disk.info.virtual_size)
        else:
            writer.add_stream(name, source, disk.device.target, disk.info.virtual_size)
    if state.nvram is not None:
        writer.add_bytes(f"{stem}.nvram", Role.NVRAM, state.nvram)
    if state.tpm is not None:
        writer.add_bytes(f"{stem}.tpm", Role.TPM, state.tpm)


def _raw(nvram: bytes | None, folder: Path, job: Job) -> bytes | None:
    """Return the UEFI variables as firmware has them; Fedora keeps them as qcow2."""
    if nvram is None or header.detect(nvram[: header.HEAD]) != "qcow2":
        return nvram
    image, raw = folder / "nvram.qcow2", folder / "nvram"
    image.write_bytes(nvram)
    qemu_img.convert(image, "qcow2", raw, job, target_format="raw")
    return _readable(raw, layout.MAX_NVRAM_BYTES)


def _readable(path: Path | None, most: int) -> bytes | None:
    if path is None or not path.is_file():
        return None
    if path.stat().st_size > most:
        raise OperationError(_("The file {path} is too large.").format(path=path))
    return path.read_bytes()


def _in_words(error: OSError, path: Path) -> OperationError:
    return OperationError(
        _("The file {path} can’t be written: {reason}.").format(
            path=path, reason=os.strerror(error.errno or 0)
        ),
        _("Choose another folder, or make room."),
        str(error),
    )
