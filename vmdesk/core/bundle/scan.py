"""Look through a bundle without unpacking it: what it holds, and whether it is whole."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from vmdesk.core.bundle import extract, layout, ovf, reader
from vmdesk.core.bundle.header import damaged
from vmdesk.core.bundle.layout import Manifest, MemberRecord, Role
from vmdesk.core.bundle.reader import Archive, Member
from vmdesk.core.bundle.untrusted_xml import Dropped
from vmdesk.core.i18n import _
from vmdesk.core.image import header as image_header
from vmdesk.core.image.header_other import ImageHeader, Span
from vmdesk.core.job import Job, OperationError


@dataclass(frozen=True, slots=True)
class FoundDisk:
    """A disk's image in a bundle, with what its header says."""

    member: Member
    header: ImageHeader


@dataclass(slots=True)
class Contents:
    """What was found so far. ``digests`` holds what was computed, by the members' names.

    ``data_size`` is what the head says of all disks together, if it says so; in bytes. An OVA has
    ``checksums`` by itself, and has said of what is ``dropped`` that no machine here can have it.
    """

    description: bytes | None = None
    description_name: str = ""
    data_size: int | None = None
    disks: list[FoundDisk] = field(default_factory=list)
    nvram: Member | None = None
    tpm: Member | None = None
    manifest: Manifest | None = None
    others: list[str] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    dropped: tuple[Dropped, ...] = ()
    is_complete: bool = False

    @property
    def is_ova(self) -> bool:
        """Whether the machine was described by another hypervisor."""
        return layout.is_ovf(self.description_name)

    def add(self, member: Member) -> None:
        """Take note of a member that isn't text or a disk; refuse a second of its kind."""
        self.members[member.name] = member
        match member.role:
            case Role.NVRAM if self.nvram is None:
                self.nvram = member
            case Role.TPM if self.tpm is None:
                self.tpm = member
            case Role.NVRAM | Role.TPM:
                raise layout.bad(_("The bundle holds more than one machine."))
            case Role.OTHER:
                self.others.append(member.name)

    def add_description(self, member: Member, text: bytes) -> None:
        """Take the machine's XML, of which there is one."""
        if self.description is not None:
            raise layout.bad(_("The bundle holds more than one machine."))
        self.members[member.name] = member
        self.description_name = member.name
        if self.is_ova:
            translated = ovf.translate(text)
            text, self.dropped = translated.description, translated.dropped
        self.description = text
        self.data_size = layout.parse_required_hint(member.comment)

    def add_manifest(self, member: Member, text: bytes) -> None:
        """Take the manifest, of which there is one."""
        self.members[member.name] = member
        if self.is_ova:
            self.checksums = ovf.checksums(text)
            return
        self.manifest = layout.parse_manifest(text)


def look(path: Path, job: Job) -> Contents:
    """Read as little as tells what the machine is: the head, or all if the XML is behind.

    A plain tar is always read completely, for it costs nothing: disks are passed over.
    """
    with reader.opening(path, job) as archive:
        contents = Contents()
        advance = _progress(archive, job, _("Looking into the bundle"))
        for member in reader.members(archive):
            advance(0)
            if member.role is Role.DISK:
                head = extract.read_head(archive, member, image_header.HEAD)
                add_disk(contents, member, head, _in_place(archive, member))
                if contents.description is None and not archive.is_plain:
                    _skip_with_progress(archive, member, advance)
            elif not _add_text(archive, contents, member):
                contents.add(member)
            if not archive.is_plain and contents.description is not None and contents.disks:
                return contents
    contents.is_complete = True
    check_whole(contents)
    return contents


def verify(path: Path, job: Job) -> Contents:
    """Read everything and check all that can be checked without unpacking."""
    with reader.opening(path, job) as archive:
        contents = Contents()
        advance = _progress(archive, job, _("Checking"))
        for member in reader.members(archive):
            if _add_text(archive, contents, member):
                continue
            digest, head = extract.read_through(archive, member, image_header.HEAD, advance)
            contents.digests[member.name] = digest
            if member.role is Role.DISK:
                add_disk(contents, member, head, _in_place(archive, member))
            else:
                contents.add(member)
    contents.is_complete = True
    check_whole(contents)
    return contents


def has_right_checksums(contents: Contents) -> bool:
    """Say whether every disk was compared with a checksum in the file, and was right."""
    if contents.manifest is None and not contents.checksums:
        return False
    names = [disk.member.name for disk in contents.disks]
    return all(n in contents.digests and checksum(contents, n) is not None for n in names)


def checksum(contents: Contents, name: str) -> str | None:
    """Return the SHA-256 that a member is said to have, or None if nothing is said."""
    record = None if contents.manifest is None else contents.manifest.record(name)
    return contents.checksums.get(name) if record is None else record.sha256


def is_dense(contents: Contents, name: str) -> bool:
    """Say whether a member is one of vmdesk's own qcow2 disks, which have no zeros to leave out."""
    record = None if contents.manifest is None else contents.manifest.record(name)
    return record is not None and record.format == "qcow2"


def add_checked_text(contents: Contents, member: Member, text: bytes) -> None:
    """Take the XML or the manifest, with its digest."""
    if member.role is Role.DOMAIN:
        contents.digests[member.name] = extract.digest_of(text)
        contents.add_description(member, text)
    else:
        contents.add_manifest(member, text)


def check_whole(contents: Contents) -> None:
    """Raise ``OperationError`` unless there is a machine and all is as the manifest says."""
    if contents.description is None:
        raise layout.bad(
            _("This is a tar file, but not a virtual machine: it holds no description of one.")
        )
    for name, checksum in contents.checksums.items():
        if contents.digests.get(name, checksum) != checksum:
            raise _changed(name[: layout.SHOWN])
    if contents.manifest is None:
        return
    for record in contents.manifest.members:
        _check_record(contents, record)
    for disk in contents.disks:
        if disk.header.format != (
            disk_format(disk.member, contents.manifest) or disk.header.format
        ):
            raise layout.bad(
                _("The disk {name} is not what the bundle’s manifest calls it.").format(
                    name=disk.member.name
                )
            )
    told = {record.name for record in contents.manifest.members} | {layout.MANIFEST_NAME}
    for name, member in contents.members.items():
        if name not in told and member.role is not Role.OTHER:
            raise layout.bad(
                _("The bundle’s manifest does not know its file {name}.").format(name=name),
                _("Somebody changed the bundle; don’t trust it."),
            )


def disk_format(member: Member, manifest: Manifest | None) -> str | None:
    """Return what a disk's image is called: by the manifest, else by its name; None if neither."""
    record = None if manifest is None else manifest.record(member.name)
    if record is not None and record.format is not None:
        return record.format
    ending = member.name.lower().rpartition(".")[2]
    return ending if ending in {"qcow2", "raw"} else None


def checked_header(head: bytes, member: Member, manifest: Manifest | None) -> ImageHeader:
    """Check a disk's first bytes against what it is called; ".img" may be qcow2 or raw."""
    named = disk_format(member, manifest) or image_header.detect(head) or "raw"
    return image_header.check_head(head, member.size, named)


def add_disk(contents: Contents, member: Member, head: bytes, image: Span) -> None:
    """Check a disk by its ``head``, or an OVA's by all of its ``image``, and take note of it."""
    contents.members[member.name] = member
    if contents.is_ova:
        header = _foreign_header(member, image)
    else:
        header = checked_header(head, member, contents.manifest)
    contents.disks.append(FoundDisk(member, header))


def _foreign_header(member: Member, image: Span) -> ImageHeader:
    """Check a disk of an OVA, which has no raw ones: what has no header is packed somehow."""
    if member.extents is not None:
        raise damaged("a sparse disk")
    header = image_header.check_span(image)
    if header.format == "raw":
        raise layout.bad(_("The disks of the OVA are packed in a way that is not known here."))
    return header


def _in_place(archive: Archive, member: Member) -> Span:
    return Span(archive.descriptor, member.offset, member.data_size)


def _add_text(archive: Archive, contents: Contents, member: Member) -> bool:
    if member.role not in {Role.DOMAIN, Role.MANIFEST}:
        return False
    add_checked_text(contents, member, reader.read_all(archive, member))
    return True


def _check_record(contents: Contents, record: MemberRecord) -> None:
    shown = record.name[: layout.SHOWN]
    member = contents.members.get(record.name)
    if member is None or member.role is not record.role:
        raise layout.bad(
            _("The bundle is not whole: {name} is missing.").format(name=shown),
            _("Get the file again from where it came from."),
        )
    stored = len(member.map_block) + member.data_size
    digest = contents.digests.get(record.name)
    if (member.size, stored) != (record.size, record.stored_size) or (
        digest is not None and record.sha256 is not None and digest != record.sha256
    ):
        raise _changed(shown)


def _changed(shown: str) -> OperationError:
    return layout.bad(
        _("The bundle is damaged: {name} is not what it was.").format(name=shown),
        _("Get the file again from where it came from."),
    )


def _progress(archive: Archive, job: Job, text: str) -> Callable[[int], object]:
    return lambda _count: job.report(archive.consumed, archive.file_size, text)


def _skip_with_progress(archive: Archive, member: Member, advance: Callable[[int], object]) -> None:
    end = member.offset + member.data_size
    while archive.position < end:
        archive.skip(min(reader.SKIP_CHUNK, end - archive.position))
        advance(0)
