"""What a bundle is: the names of its members, its manifest, and the bounds of what is accepted."""

import enum
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import vmdesk
from vmdesk.core.bundle.compression import Compression
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

FORMAT = "vmdesk-bundle"
VERSION = 1
MANIFEST_NAME = "vmdesk.json"

ALIGNMENT = 4096
"""Bytes: where a disk's data may start in a plain .tar, so that blocks can be shared."""

MAX_MEMBERS = 64
MAX_NAME_BYTES = 1024
MAX_XML_BYTES = 1024**2
MAX_MANIFEST_BYTES = 1024**2
MAX_NVRAM_BYTES = 64 * 1024**2
MAX_TPM_BYTES = 1024**2
MAX_IGNORED_BYTES = 16 * 1024**2
"""All members together that are not part of a machine."""

MAX_DISK_BYTES = 64 * 1024**4
"""The size of a disk's file, and of the disk that the guest sees."""

MAX_EXTENDED_HEADER_BYTES = 64 * 1024
"""One PAX or GNU long-name header."""

MAX_EXTENDED_HEADERS = 8
"""Such headers in front of one member."""

MAX_SPARSE_EXTENTS = 65536
MAX_DEPTH = 2
"""Parts of a member's name: a folder and a file."""

SHOWN = 80
"""Letters of a foreign name that are shown."""

MAX_DIGITS = 20
"""Of a number that is written as text; Python's own conversion has no bound that is low enough."""

MAX_STEM_BYTES = 200
"""Of a machine's name in the names of its files, which a file system limits to 255."""


class ArchiveForm(enum.Enum):
    """The three forms in which a bundle is written; the value is the end of its name."""

    TAR = "tar"
    TAR_GZ = "tar.gz"
    TAR_ZST = "tar.zst"

    @property
    def compression(self) -> Compression:
        """How the tar inside is compressed."""
        return {
            ArchiveForm.TAR: Compression.NONE,
            ArchiveForm.TAR_GZ: Compression.GZIP,
            ArchiveForm.TAR_ZST: Compression.ZSTD,
        }[self]


class Role(enum.Enum):
    """What a member is to the machine."""

    DOMAIN = "domain"
    DISK = "disk"
    NVRAM = "nvram"
    TPM = "tpm"
    MANIFEST = "manifest"
    OTHER = "other"


SIZE_LIMITS: Mapping[Role, int] = {
    Role.DOMAIN: MAX_XML_BYTES,
    Role.DISK: MAX_DISK_BYTES,
    Role.NVRAM: MAX_NVRAM_BYTES,
    Role.TPM: MAX_TPM_BYTES,
    Role.MANIFEST: MAX_MANIFEST_BYTES,
    Role.OTHER: MAX_IGNORED_BYTES,
}
"""The most bytes that a member may unpack to."""


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """What the manifest says of one member; sizes in bytes.

    ``size`` is that of the unpacked file, ``stored_size`` that of the data in the tar (less, for
    a sparse member). ``sha256`` covers the stored data and is None for the disks of a plain tar,
    which go by as fast as the kernel, or whoever sends them, can.
    """

    name: str
    role: Role
    size: int
    stored_size: int
    sha256: str | None = None
    target: str | None = None
    format: str | None = None
    virtual_size: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """The last member of a bundle."""

    machine: str
    members: tuple[MemberRecord, ...]

    def record(self, name: str) -> MemberRecord | None:
        """Return what is said of a member."""
        return next((record for record in self.members if record.name == name), None)


def bad(summary: str, hint: str = "", details: str = "") -> OperationError:
    """Make the error for a file that isn't acceptable, whoever is at fault."""
    return OperationError(summary, hint, details, Cause.BAD_INPUT)


def printable(text: str) -> str:
    """Replace what controls a terminal or the direction of writing, and what is no character."""
    return "".join("_" if is_control(letter) else letter for letter in text)


def is_control(letter: str) -> bool:
    """Say whether a letter isn't shown as one; Unicode calls that category C."""
    return unicodedata.category(letter).startswith("C")


def stem(machine: str) -> str:
    """Return the machine's name as the start of file names: safe in any tar and file system."""
    safe = re.sub(r"[/\\]", "_", printable(machine)).lstrip(".-~ ") or "machine"
    return safe.encode()[:MAX_STEM_BYTES].decode(errors="ignore")


def disk_name(machine_stem: str, target: str, index: int) -> str:
    """Return the member name of a disk: ``NAME.qcow2`` for the first, then ``NAME-vdb.qcow2``."""
    return f"{machine_stem}.qcow2" if index == 0 else f"{machine_stem}-{target}.qcow2"


def is_ovf(name: str) -> bool:
    """Say whether a member is the description of a machine in an OVA."""
    return name.lower().endswith(".ovf")


def role_in_ova(name: str) -> Role:
    """Tell what a member of an OVA is."""
    return {
        "ovf": Role.DOMAIN,
        "mf": Role.MANIFEST,
        **dict.fromkeys(("vmdk", "vdi", "vhdx", "qcow2", "img"), Role.DISK),
    }.get(name.lower().rpartition(".")[2], Role.OTHER)


def role_of(name: str) -> Role:
    """Tell from a member's name (without a folder) what it is."""
    if name == MANIFEST_NAME:
        return Role.MANIFEST
    if name.startswith("."):  # such as the "._name" companions that macOS adds
        return Role.OTHER
    ending = name.lower().rpartition(".")[2] if "." in name else ""
    return {
        "xml": Role.DOMAIN,
        "qcow2": Role.DISK,
        "raw": Role.DISK,
        "img": Role.DISK,
        "nvram": Role.NVRAM,
        "tpm": Role.TPM,
    }.get(ending, Role.OTHER)


def required_hint(data_size: int) -> str:
    """Return the comment of the first member, for whoever sees only the head of a bundle."""
    return f"{FORMAT} {VERSION} data-size={data_size}"


def parse_required_hint(comment: str) -> int | None:
    """Read what ``required_hint`` wrote: the bytes of all disks' data; None if it isn't there."""
    match = re.fullmatch(FORMAT + r" [0-9]{1,4} data-size=([0-9]{1,15})", comment)
    return None if match is None else int(match[1])


def dump_manifest(manifest: Manifest) -> bytes:
    """Write a manifest as JSON (docs/bundle-format.md)."""
    members = [_dump_record(record) for record in manifest.members]
    return json.dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "created_by": f"vmdesk {vmdesk.__version__}",
            "machine": printable(manifest.machine),
            "members": members,
        },
        indent=2,
        ensure_ascii=False,
    ).encode()


def _dump_record(record: MemberRecord) -> dict[str, object]:
    written = {
        "name": record.name,
        "role": record.role.value,
        "size": record.size,
        "stored_size": record.stored_size,
        "sha256": record.sha256,
        "target": record.target,
        "format": record.format,
        "virtual_size": record.virtual_size,
    }
    return {key: value for key, value in written.items() if value is not None}


def parse_manifest(text: bytes) -> Manifest:
    """Read a manifest from outside; raises ``OperationError`` if it isn't one of ours."""
    try:
        found = json.loads(text)
        if found["format"] != FORMAT:
            raise ValueError("format")
        version = _natural(found["version"])
        if version > VERSION:
            raise bad(
                _("The bundle was made by a newer vmdesk."), _("Update vmdesk and try again.")
            )
        members = tuple(_parse_record(record) for record in _list(found["members"]))
        return Manifest(_text(found["machine"]), members)
    except (KeyError, TypeError, ValueError, RecursionError) as exc:
        raise bad(
            _("The bundle’s manifest, {name}, is damaged.").format(name=MANIFEST_NAME),
            _("Get the file again from where it came from."),
            repr(exc)[:200],
        ) from exc


def _parse_record(found: dict[str, object]) -> MemberRecord:
    digest = found.get("sha256")
    virtual_size = found.get("virtual_size")
    if digest is not None and not re.fullmatch("[0-9a-f]{64}", _text(digest)):
        raise ValueError("sha256")
    return MemberRecord(
        name=_text(found["name"]),
        role=Role(found["role"]),
        size=_natural(found["size"]),
        stored_size=_natural(found["stored_size"]),
        sha256=None if digest is None else _text(digest),
        target=None if found.get("target") is None else _text(found["target"]),
        format=None if found.get("format") is None else _text(found["format"]),
        virtual_size=None if virtual_size is None else _natural(virtual_size),
    )


def _natural(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_DISK_BYTES:
        raise ValueError(value)
    return value


def _text(value: object) -> str:
    if type(value) is not str or len(value) > MAX_NAME_BYTES or any(map(is_control, value)):
        raise ValueError(value)
    return value


def _list(value: object) -> list[dict[str, object]]:
    if type(value) is not list or len(value) > MAX_MEMBERS:
        raise ValueError("members")
    if not all(type(record) is dict for record in value):
        raise ValueError("members")
    return value
