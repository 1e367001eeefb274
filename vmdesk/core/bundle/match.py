"""Find out which image in a bundle belongs to which disk of the machine."""

from collections.abc import Sequence

from vmdesk.core.bundle import layout
from vmdesk.core.bundle.layout import Manifest
from vmdesk.core.bundle.reader import Member
from vmdesk.core.bundle.untrusted_xml import ForeignDisk
from vmdesk.core.i18n import _


def match(
    disks: Sequence[ForeignDisk],
    images: Sequence[Member],
    description_name: str,
    manifest: Manifest | None,
) -> dict[str, Member]:
    """Return the image of each disk by its target (``vda``); some may have none.

    The manifest decides; else the name in the description, the name that this bundle format
    gives, and for those that are left the order.
    """
    targets = [disk.target for disk in disks]
    if len(set(targets)) < len(targets):
        raise layout.bad(_("The description of the machine has two disks of the same name."))
    wanted = [disk for disk in disks if disk.device == "disk"]
    left = {image.name: image for image in images}
    found: dict[str, Member] = {}
    for disk in wanted:
        names = _names(disk, wanted, description_name, manifest)
        image = next((left.pop(name) for name in names if name in left), None)
        if image is not None:
            found[disk.target] = image
    without = [disk.target for disk in wanted if disk.target not in found]
    if manifest is None:
        found |= zip(without, left.values(), strict=False)
    return found


def _names(
    disk: ForeignDisk,
    disks: Sequence[ForeignDisk],
    description_name: str,
    manifest: Manifest | None,
) -> list[str]:
    if manifest is not None:
        return [record.name for record in manifest.members if record.target == disk.target]
    stem = description_name.rpartition(".")[0]
    stems = [f"{stem}-{disk.target}"] + ([stem] if disk is disks[0] else [])
    usual = [f"{name}.{ending}" for name in stems for ending in ("qcow2", "raw", "img")]
    return [disk.source_name, *usual]
