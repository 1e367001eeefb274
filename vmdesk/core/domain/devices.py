"""The devices of a domain as typed views over their XML elements."""

from pathlib import Path

from lxml import etree

from vmdesk.core import xml_tree

_PATH_ATTRIBUTES = ("file", "dev", "dir")


class _Device:
    """A view over one element: what is set here is set in the document."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element

    def _attribute(self, path: str, name: str) -> str:
        found = self.element if path == "." else self.element.find(path)
        return "" if found is None else found.get(name, "")

    @property
    def xml(self) -> str:
        """The device alone, as libvirt's attach, detach and update calls want it."""
        return etree.tostring(self.element, encoding="unicode", with_tail=False)


class DiskDevice(_Device):
    """A disk, CD-ROM or floppy drive; a missing text is the empty string."""

    @property
    def device(self) -> str:
        """``disk``, ``cdrom``, ``floppy`` or ``lun``."""
        return self.element.get("device", "disk")

    @property
    def is_cdrom(self) -> bool:
        """Whether this is a CD-ROM drive."""
        return self.device == "cdrom"

    @property
    def type(self) -> str:
        """``file``, ``block``, ``volume``, ``network``, ``dir``, ``nvme`` or ``vhostuser``."""
        return self.element.get("type", "file")

    @property
    def target(self) -> str:
        """The name by which libvirt tells the disks apart: ``vda``, ``sdb``."""
        return self._attribute("target", "dev")

    @property
    def bus(self) -> str:
        """``virtio``, ``sata``, ``scsi``, ``ide``, ``usb``, ``fdc``."""
        return self._attribute("target", "bus")

    @property
    def path(self) -> Path | None:
        """The file or block device behind it; None for an empty drive or another kind."""
        source = self.element.find("source")
        return None if source is None else _path(source)

    @property
    def startup_policy(self) -> str:
        """What libvirt does when the medium is missing: ``optional``, ``mandatory``, or empty."""
        return self._attribute("source", "startupPolicy")

    def move_to(self, path: Path) -> None:
        """Follow a file that got another name; all else about the source stays."""
        source = self.element.find("source")
        if source is not None:
            source.set(next(name for name in _PATH_ATTRIBUTES if name in source.attrib), str(path))

    @property
    def volume(self) -> tuple[str, str] | None:
        """The names of a storage pool and of the volume in it, when that is the source."""
        pool, volume = self._attribute("source", "pool"), self._attribute("source", "volume")
        return (pool, volume) if pool and volume else None

    @property
    def network(self) -> str:
        """A source reached by the network as an address to read: ``rbd://pool/image``."""
        if self.type != "network" or self.element.find("source") is None:
            return ""
        host = self._attribute("source/host", "name")
        port = self._attribute("source/host", "port")
        where = f"{host}:{port}" if port else host
        name = self._attribute("source", "name")
        return f"{self._attribute('source', 'protocol')}://" + "/".join(filter(None, (where, name)))

    @property
    def is_empty(self) -> bool:
        """Whether no medium is in the drive."""
        return (
            self.path is None
            and self.volume is None
            and not self.network
            and (self.type in ("file", "block", "dir", "volume"))
        )

    @property
    def format(self) -> str:
        """The image format that QEMU is told: ``qcow2``, ``raw``."""
        return self._attribute("driver", "type")

    @property
    def readonly(self) -> bool:
        """Whether the guest cannot write to it."""
        return self.element.find("readonly") is not None

    @property
    def shareable(self) -> bool:
        """Whether several running domains may write to it."""
        return self.element.find("shareable") is not None

    @property
    def place(self) -> tuple[int, int, int] | None:
        """The controller, bus and unit that it is plugged into, where the XML has them."""
        address = self.element.find("address[@type='drive']")
        if address is None:
            return None
        controller, bus, unit = (address.get(name) for name in ("controller", "bus", "unit"))
        return xml_tree.number(controller), xml_tree.number(bus), xml_tree.number(unit)

    @property
    def boot_order(self) -> int | None:
        """The place in the boot order of devices, from 1; None if it has none of its own."""
        return xml_tree.number(self._attribute("boot", "order")) or None

    @property
    def backing_paths(self) -> list[Path]:
        """The files that the image builds on, nearest first, as far as the XML tells them."""
        sources = self.element.findall(".//backingStore/source")
        return [path for path in map(_path, sources) if path is not None]

    def insert_file(self, path: Path, image_format: str | None = None) -> None:
        """Make a file the source; ``image_format`` None leaves the format as it is.

        A CD-ROM gets ``startupPolicy='optional'`` unless it has a policy: with it a missing ISO
        does not keep the machine from starting.
        """
        policy = self.startup_policy or ("optional" if self.is_cdrom else "")
        self.eject()
        self.element.set("type", "file")
        source = self.element.find("source")
        if source is None:
            source = etree.Element("source")
            target = self.element.find("target")
            index = None if target is None else self.element.index(target)
            xml_tree.insert(self.element, source, index)
        source.attrib.clear()
        source.set("file", str(path))
        if policy:
            source.set("startupPolicy", policy)
        driver = self.element.find("driver")
        if image_format and driver is not None:
            driver.set("type", image_format)

    def eject(self) -> None:
        """Take the medium out; the drive, its address and its startup policy stay."""
        for backing in self.element.findall("backingStore"):
            xml_tree.remove(backing)
        source = self.element.find("source")
        if source is None:
            return
        policy = source.get("startupPolicy", "")
        if self.type != "file" or not policy:
            self.element.set("type", "file")
            xml_tree.remove(source)
            return
        for child in list(source):
            xml_tree.remove(child)
        source.attrib.clear()
        source.set("startupPolicy", policy)


class InterfaceDevice(_Device):
    """A network interface."""

    @property
    def type(self) -> str:
        """``user``, ``network``, ``bridge``, ``direct``, ``hostdev`` …"""
        return self.element.get("type", "")

    @property
    def mac(self) -> str:
        """The hardware address: ``52:54:00:…``."""
        return self._attribute("mac", "address")

    @property
    def source(self) -> str:
        """The network, bridge or host device it is connected to; empty for ``user``."""
        source = self.element.find("source")
        names = ("network", "bridge", "dev")
        return (
            ""
            if source is None
            else next((source.get(n, "") for n in names if n in source.attrib), "")
        )

    @property
    def model(self) -> str:
        """The kind of card the guest sees: ``virtio``, ``e1000e``."""
        return self._attribute("model", "type")


class GraphicsDevice(_Device):
    """A way to see the screen of the guest."""

    @property
    def type(self) -> str:
        """``spice``, ``vnc``, ``egl-headless`` …"""
        return self.element.get("type", "")

    @property
    def listen(self) -> str:
        """The address that it listens on; empty for none or a socket."""
        return self.element.get("listen", "") or self._attribute("listen", "address")

    @property
    def port(self) -> int | None:
        """The TCP port; None while it is chosen automatically and the machine is off."""
        port = xml_tree.number(self.element.get("port"), -1)
        return port if port > 0 else None


def _path(source: etree._Element) -> Path | None:
    for name in _PATH_ATTRIBUTES:
        if value := source.get(name):
            return Path(value)
    return None
