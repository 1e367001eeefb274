"""Bring a machine in from one file: look at it first, then unpack, check, place and define it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lxml import etree

from vmdesk.core import new_machine_lock, staging
from vmdesk.core.bundle import (
    content,
    convert,
    firmware,
    layout,
    match,
    mend,
    scan,
    unpack,
    untrusted_xml,
)
from vmdesk.core.bundle import host as bundle_host
from vmdesk.core.bundle.content import Content
from vmdesk.core.bundle.reader import Member
from vmdesk.core.bundle.scan import Contents, FoundDisk
from vmdesk.core.bundle.unpack import Unpacked
from vmdesk.core.bundle.untrusted_xml import Dropped, Rebuilt
from vmdesk.core.domain import guest_state
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.image import header as image_header
from vmdesk.core.job import Job
from vmdesk.core.operations import import_image, incoming, placing, start_stop
from vmdesk.core.operations.incoming import ImportOptions, ImportResult, Preview, PreviewDisk
from vmdesk.core.staging import Stage
from vmdesk.core.storage import places
from vmdesk.core.storage.places import Place

__all__ = ["ImportOptions", "ImportResult", "Preview", "PreviewDisk", "preview", "run", "verify"]


def preview(host: Host, path: Path, options: ImportOptions, job: Job) -> Preview:
    """Say what an import of ``path`` would make, without making anything.

    Reads the head of the file, or all of it (with progress) where the XML lies behind the disk.
    Raises ``OperationError`` (bad input) for what is no bundle or image, or a hostile one.
    """
    match content.identify(path):
        case Content.IMAGE:
            return import_image.preview(host, path, options)
        case Content.DISC:
            return incoming.disc_preview(path)
    return _preview_of(host, path, scan.look(path, job), options)


def verify(host: Host, path: Path, options: ImportOptions, job: Job) -> Preview:
    """Like ``preview``, but read and check all of the file, its checksums included.

    The disks of a plain tar have none. ``is_verified`` is False then.
    """
    if content.identify(path) is not Content.BUNDLE:
        return preview(host, path, options, job)
    contents = scan.verify(path, job)
    return _preview_of(host, path, contents, options)


def run(host: Host, path: Path, options: ImportOptions, job: Job) -> ImportResult:
    """Import a bundle or a disk image; afterwards there's the whole machine, or nothing.

    Raises ``OperationError``: bad input for a file that isn't acceptable, invalid value for a
    name that is taken or impossible.
    """
    match content.identify(path):
        case Content.IMAGE:
            result = import_image.run(host, path, options, job)
        case Content.DISC:
            raise layout.bad(
                _("{name} is an installation disc, not a machine.").format(name=path.name),
                _("Create a new machine from it."),
            )
        case Content.BUNDLE:
            result = _run(host, path, options, job)
    if options.start:
        start_stop.start(host, result.uuid, job)
        result = replace(result, is_started=True)
    return result


@dataclass(frozen=True, slots=True)
class _Plan:
    """The machine as it will be."""

    rebuilt: Rebuilt
    images: Mapping[str, Member]
    dropped: tuple[Dropped, ...]
    changed: tuple[str, ...]
    has_tpm: bool
    keeps_nvram: bool


def _plan(host: Host, contents: Contents) -> _Plan:
    rebuilt = untrusted_xml.rebuild(contents.description or b"")
    facts = bundle_host.read(host, rebuilt.root.xpath("string(os/type/@arch)"))
    changed = mend.mend(rebuilt, facts)
    members = [disk.member for disk in contents.disks]
    images = match.match(rebuilt.disks, members, contents.description_name, contents.manifest)
    dropped = [*contents.dropped, *rebuilt.dropped]
    if contents.is_complete:
        dropped += _loose_ends(rebuilt, contents, images)
    has_tpm = rebuilt.root.find("devices/tpm") is not None
    keeps_nvram = rebuilt.is_uefi and contents.nvram is not None
    if contents.nvram is not None and keeps_nvram and not firmware.fits(contents.nvram.size):
        keeps_nvram = False
        changed += (
            _("The UEFI variables do not fit this computer’s firmware; they are made anew."),
        )
    headers = [disk.header for disk in contents.disks]
    changed += convert.told([header for header in headers if header.format not in convert.OWN])
    return _Plan(rebuilt, images, tuple(dropped), changed, has_tpm, keeps_nvram)


def _loose_ends(
    rebuilt: Rebuilt, contents: Contents, images: Mapping[str, Member]
) -> list[Dropped]:
    ends = [
        Dropped(f"disk {disk.target}", _("its image is not in the bundle"))
        for disk in rebuilt.disks
        if disk.device == "disk" and disk.target not in images
    ]
    used = {member.name for member in images.values()}
    ends += [
        Dropped(disk.member.name, _("it belongs to no disk of the machine"))
        for disk in contents.disks
        if disk.member.name not in used
    ]
    return ends + [Dropped(name, _("it is not part of a machine")) for name in contents.others]


def _room_for(disk: FoundDisk) -> int:
    # What is converted is there twice for a while.
    times = 1 if disk.header.format in convert.OWN else 2
    return times * disk.member.data_size


def _preview_of(host: Host, path: Path, contents: Contents, options: ImportOptions) -> Preview:
    plan = _plan(host, contents)
    xml = DomainXml.parse(etree.tostring(plan.rebuilt.root, encoding="unicode"))
    headers = {disk.member.name: disk.header for disk in contents.disks}
    disks = []
    for disk in plan.rebuilt.disks:
        member = plan.images.get(disk.target)
        if member is not None:
            header = headers[member.name]
            disks.append(
                PreviewDisk(disk.target, header.format, header.virtual_size, member.data_size)
            )
        elif disk.device == "disk" and not contents.is_complete:
            disks.append(PreviewDisk(disk.target, "", None, None))
    place = places.choose(host, options.folder, options.pool)
    known = sum(map(_room_for, contents.disks))
    return Preview(
        path=path,
        content=Content.BUNDLE,
        name=incoming.free_name(host, options, xml.name),
        memory_kib=xml.memory_kib,
        vcpus=xml.vcpus,
        is_uefi=plan.rebuilt.is_uefi,
        disks=tuple(disks),
        dropped=plan.dropped,
        changed=plan.changed,
        required_bytes=max(known, contents.data_size or 0),
        free_bytes=place.free_room(),
        is_verified=scan.has_right_checksums(contents),
        identity=_identity(host, plan.rebuilt),
    )


def _identity(host: Host, rebuilt: Rebuilt) -> str | None:
    if not rebuilt.uuid and not incoming.macs(rebuilt.root):
        return None
    return rebuilt.uuid if incoming.is_free(host, rebuilt.uuid) else ""


def _run(host: Host, path: Path, options: ImportOptions, job: Job) -> ImportResult:
    text = _("Import of {path}").format(path=path)
    place = places.choose(host, options.folder, options.pool)
    with incoming.in_words(options.folder), staging.opened(options.folder, text) as stage:
        unpacked = unpack.unpack(path, stage.folder, job)
        plan = _plan(host, unpacked.contents)
        convert.foreign_disks(unpacked, job)
        root = plan.rebuilt.root
        stage.sync(unpacked.files.values())
        with new_machine_lock.held(job):
            name = incoming.free_name(host, options, root.findtext("name", ""))
            uuid = incoming.choose_uuid(host, options, plan.rebuilt.uuid)
            keeps = options.same_identity
            keeps_macs = keeps and not incoming.macs(root) & incoming.macs_of_all(host)
            mend.identify(root, name, uuid, keeps_macs=keeps_macs)
            files = _place(host, stage, unpacked, plan, place, name, uuid, job)
            job.report(0, 0, _("Defining the machine"))
            # libvirt keeps the TPM of a machine elsewhere where this user can't write.
            tpm = _tpm_file(unpacked, plan) if not place.pool else None
            with guest_state.tpm_installed(stage, host.uri, uuid, tpm):
                incoming.define(host, stage, root, uuid)
    is_verified = scan.has_right_checksums(unpacked.contents)
    return ImportResult(uuid, name, files, plan.dropped, plan.changed, is_verified, False)


def _place(
    host: Host,
    stage: Stage,
    unpacked: Unpacked,
    plan: _Plan,
    place: Place,
    name: str,
    uuid: str,
    job: Job,
) -> tuple[Path, ...]:
    """Move the files to their final names, and let the description use them there."""
    stem = layout.stem(name)
    formats = {disk.member.name: disk.header.format for disk in unpacked.contents.disks}
    wanted: dict[Path, str] = {}
    for index, (target, member) in enumerate(plan.images.items()):
        usual = layout.disk_name(stem, target, index).removesuffix("qcow2")
        wanted[unpacked.files[member.name]] = usual + formats[member.name]
    variables = None
    if unpacked.contents.nvram is not None and plan.keeps_nvram:
        variables = unpacked.files[unpacked.contents.nvram.name]
        _check_nvram(variables)
        wanted[variables] = f"{uuid}_VARS.fd"
    placed = placing.put(host, stage, place, wanted, uuid, job)
    disks = {
        target: mend.Disk(placed[unpacked.files[member.name]], formats[member.name])
        for target, member in plan.images.items()
    }
    mend.attach(plan.rebuilt.root, disks, None if variables is None else placed[variables])
    return tuple(placed.values())


def _check_nvram(path: Path) -> None:
    with path.open("rb") as file:
        if image_header.detect(file.read(image_header.HEAD)) is not None:
            raise layout.bad(_("The UEFI variables are in a form that is not accepted."))


def _tpm_file(unpacked: Unpacked, plan: _Plan) -> Path | None:
    member = unpacked.contents.tpm
    return unpacked.files[member.name] if member is not None and plan.has_tpm else None
