"""Rebuild a machine's description from outside out of what is known to be harmless."""

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from vmdesk.core.bundle import layout
from vmdesk.core.bundle.untrusted_rules import DOMAIN, Rule
from vmdesk.core.i18n import _

MAX_ELEMENTS = 5000
MAX_ATTRIBUTES = 5000
"""Of all elements together; reading those of one takes time that grows with their square."""

MAX_DROPPED = 200
"""Entries in the list of what was left out; the worst comes first."""

_SHOWN = 60

# Parts of nearly every description that say something about the old host and not the machine:
# they are replaced or made anew, and a list of them would hide what matters.
_QUIET_ELEMENTS = frozenset({
    "uuid", "genid", "emulator", "alias", "seclabel", "resource", "currentMemory",
    "domain/devices/disk/source", "domain/devices/disk/backingStore",
    "domain/devices/disk/readonly", "domain/devices/disk/alias", "domain/devices/graphics/listen",
    "domain/devices/graphics/image", "domain/devices/interface/target", "domain/devices/audio",
    "domain/devices/channel/source", "domain/devices/serial/source",
    "domain/devices/console/source", "domain/devices/interface/source", "domain/os/nvram",
    "domain/os/loader",
})  # fmt: skip
_QUIET_ATTRIBUTES = frozenset({
    "domain@id", "vcpu@cpuset", "domain/os/type@machine", "domain/devices/console@tty",
    "disk@type", "disk@snapshot", "disk@model", "driver@name", "driver@type", "driver@cache",
    "driver@io", "target@tray", "interface@type", "source@portid", "source@bridge",
    "graphics@autoport", "graphics@port", "graphics@listen", "graphics@tlsPort",
    "graphics@keymap", "target@dev", "target@index",
})  # fmt: skip

_PARTS_OF_THE_HOST = (
    "blkiotune", "cputune", "numatune", "memtune", "memoryBacking", "iothreads", "lease",
    "launchSecurity", "bandwidth", "iotune",
)  # fmt: skip
# The worst first: so they are told.
_REASONS = {
    "commandline": _("it gives QEMU options of its own, which can run programs"),
    "capabilities": _("it changes what QEMU can do"),
    "override": _("it changes QEMU’s devices behind libvirt’s back"),
    "kernel": _("it names a file of the old computer"),
    "initrd": _("it names a file of the old computer"),
    "cmdline": _("it belongs to a kernel outside of the disk"),
    "dtb": _("it names a file of the old computer"),
    "acpi": _("it names a file of the old computer"),
    "hostdev": _("it hands a device of the computer to the machine"),
    "filesystem": _("it opens a folder of the computer to the machine"),
    "shmem": _("it shares memory with other programs"),
    "memory": _("it can take its memory from a file of the computer"),
    "script": _("it runs a program on the computer"),
    "downscript": _("it runs a program on the computer"),
    "smartcard": _("it reads a card of the computer"),
    "sysinfo": _("it can read files of the computer"),
    **dict.fromkeys(_PARTS_OF_THE_HOST, _("it belongs to the old computer")),
    "serial": _("it was connected to something outside of the machine"),
    "console": _("it was connected to something outside of the machine"),
    "source": _("it connects to something outside of the machine"),
    "log": _("it writes a file on the computer"),
    "numa": _("it can ask for more memory than the machine is said to have"),
    "on_crash": _("it writes the machine’s memory to a file"),
}

_RANKS = {reason: rank for rank, reason in enumerate(dict.fromkeys(_REASONS.values()))}
_UNKNOWN = _("it is not among what a machine from outside may have")


@dataclass(frozen=True, slots=True)
class Dropped:
    """Something that was left out: where it stood, and why, for the user."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class ForeignDisk:
    """A disk as the description has it. ``source_name`` is its old file's name, for matching."""

    target: str
    device: str
    source_name: str


@dataclass(slots=True)
class Rebuilt:
    """The harmless description; its disks have no source yet, its graphics listen nowhere."""

    root: etree._Element
    dropped: tuple[Dropped, ...]
    disks: tuple[ForeignDisk, ...]
    uuid: str
    is_uefi: bool
    is_secure: bool


def rebuild(data: bytes) -> Rebuilt:
    """Read a description from outside and build a new one of all that may be in it.

    Raises ``OperationError`` if it isn't XML of a domain, or misses what every domain has.
    """
    foreign = parse(data)
    if foreign.tag != "domain":
        raise layout.bad(_("The XML in the bundle does not describe a virtual machine."))
    dropped: dict[Dropped, None] = {}
    root = _copy(foreign, DOMAIN, "domain", dropped)
    needed = ("name", "memory", "os/type", "devices")
    missing = needed if root is None else [part for part in needed if root.find(part) is None]
    if root is None or missing:
        raise layout.bad(
            _("The description of the machine is not complete: it has no {part}.").format(
                part=missing[0]
            )
        )
    loader = foreign.find("os/loader")
    is_flash = loader is not None and loader.get("type") == "pflash"
    return Rebuilt(
        root=root,
        dropped=_listed(dropped),
        disks=tuple(_foreign_disks(foreign, root)),
        uuid=_uuid(foreign.findtext("uuid", "")),
        is_uefi=is_flash or foreign.xpath("string(os/@firmware)") == "efi",
        is_secure=(loader is not None and loader.get("secure") == "yes")
        or bool(root.xpath("os/firmware/feature[@name='secure-boot'][@enabled='yes']")),
    )


def _listed(dropped: Iterable[Dropped]) -> tuple[Dropped, ...]:
    # A list full of nonsense must not hide what would have done harm.
    entries = sorted(dropped, key=lambda entry: _RANKS.get(entry.why, len(_RANKS)))
    more = len(entries) - MAX_DROPPED + 1
    if more <= 1:
        return tuple(entries)
    rest = Dropped(_("… and {count} more").format(count=more), _UNKNOWN)
    return (*entries[: MAX_DROPPED - 1], rest)


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        return ""


def parse(data: bytes) -> etree._Element:
    """Read XML from outside within bounds; raises ``OperationError`` for what has a trap."""
    if len(data) > layout.MAX_XML_BYTES:
        raise layout.bad(_("The description of the machine is too large."))
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise layout.bad(
            _("The description of the machine is damaged."), details=str(exc)[:500]
        ) from exc
    if root.getroottree().docinfo.doctype:
        raise layout.bad(
            _("The description of the machine declares a document type, which no machine needs."),
            _("Such a file is not made by accident; don’t trust it."),
        )
    if root.xpath("count(//*)") > MAX_ELEMENTS or root.xpath("count(//@*)") > MAX_ATTRIBUTES:
        raise layout.bad(_("The description of the machine is too large."))
    return root


def _copy(
    element: etree._Element, rule: Rule, path: str, dropped: dict[Dropped, None]
) -> etree._Element | None:
    """Return the allowed part of an element, or None if there's no use for it."""
    text = (element.text or "").strip()
    for key, pattern in rule.must.items():
        if re.fullmatch(pattern, element.get(key, "")) is None:
            _note(element, path, "", dropped)
            return None
    if rule.text is not None and re.fullmatch(rule.text, text) is None:
        _note(element, path, "", dropped)
        return None
    copy = etree.Element(element.tag, dict(rule.forced))
    copy.text = text if rule.text is not None else None
    for key, value in element.attrib.items():
        allowed = rule.must.get(key) or rule.may.get(key)
        if allowed is not None and re.fullmatch(allowed, value):
            copy.set(key, value)
        elif rule.forced.get(key) != value:
            _note(element, path, f"@{key}", dropped)
    _copy_children(element, copy, rule, path, dropped)
    return copy


def _copy_children(
    element: etree._Element,
    copy: etree._Element,
    rule: Rule,
    path: str,
    dropped: dict[Dropped, None],
) -> None:
    counts: Counter[str] = Counter()
    for child in element.iterchildren():
        child_path = f"{path}/{_local(child)}"
        child_rule = rule.children.get(str(child.tag))
        counts[str(child.tag)] += 1
        if child_rule is None or counts[str(child.tag)] > child_rule.most:
            _note(child, child_path, "", dropped)
        elif (kept := _copy(child, child_rule, child_path, dropped)) is not None:
            copy.append(kept)


def _note(element: etree._Element, path: str, attribute: str, dropped: dict[Dropped, None]) -> None:
    """Write down that an element, or only an attribute of it, was left out."""
    local = _local(element)
    if attribute:
        is_quiet = bool({f"{local}{attribute}", f"{path}{attribute}"} & _QUIET_ATTRIBUTES)
    else:
        is_quiet = bool({local, path} & _QUIET_ELEMENTS)
    if is_quiet:
        return
    what = path.removeprefix("domain/").removeprefix("devices/") + attribute
    kind = element.get("type", "")
    if kind and attribute in {"", "@type"}:
        what = f"{what.removesuffix('@type')} ({kind})"
    shown = "".join(letter if letter.isprintable() else "?" for letter in what[:_SHOWN])
    why = _REASONS.get(etree.QName(element).localname) if attribute in {"", "@type"} else None
    dropped[Dropped(shown, why or _UNKNOWN)] = None


def _local(element: etree._Element) -> str:
    name = etree.QName(element)
    return f"{element.prefix}:{name.localname}" if element.prefix else name.localname


def _foreign_disks(foreign: etree._Element, root: etree._Element) -> Iterator[ForeignDisk]:
    names: dict[str, str] = {}
    for original in foreign.iterfind("devices/disk"):
        source = original.find("source")
        name = "" if source is None else source.get("file", source.get("volume", ""))
        names.setdefault(original.xpath("string(target/@dev)"), name.rpartition("/")[2])
    for disk in root.iterfind("devices/disk"):
        target = disk.xpath("string(target/@dev)")
        yield ForeignDisk(target, disk.get("device", ""), names.get(target, ""))
