"""A domain's XML as typed properties over a live tree; what it doesn't know stays as it was."""

from lxml import etree

from vmdesk.core import xml_tree
from vmdesk.core.domain.devices import DiskDevice, GraphicsDevice, InterfaceDevice
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

# https://libvirt.org/formatdomain.html#memory-allocation; a unit that is not given is KiB.
_UNITS = {
    "b": 1, "bytes": 1, "KB": 1000, "k": 1024, "KiB": 1024, "MB": 1000**2, "M": 1024**2,
    "MiB": 1024**2, "GB": 1000**3, "G": 1024**3, "GiB": 1024**3, "TB": 1000**4, "T": 1024**4,
    "TiB": 1024**4,
}  # fmt: skip
# libvirt's own order, so that a title or a note is put where libvirt would put it.
_HEAD = ("name", "uuid", "genid", "title", "description")


class DomainXml:
    """The description of a domain. Setting a property changes its element and nothing else."""

    def __init__(self, document: xml_tree.XmlDocument) -> None:
        self._document = document
        self.root = document.root

    @classmethod
    def parse(cls, text: str) -> "DomainXml":
        """Read a domain's XML; raise ``OperationError`` (bad input) for anything else."""
        document = xml_tree.XmlDocument(text)
        if document.root.tag != "domain":
            raise OperationError(
                _("This does not describe a virtual machine."), cause=Cause.BAD_INPUT
            )
        return cls(document)

    @property
    def text(self) -> str:
        """The XML, byte for byte as it was wherever nothing was changed."""
        return self._document.text

    def _text(self, path: str) -> str:
        return self.root.findtext(path) or ""

    def _attribute(self, path: str, name: str) -> str:
        found = self.root.find(path)
        return "" if found is None else found.get(name, "")

    @property
    def name(self) -> str:
        """The name, unique on its host."""
        return self._text("name")

    @name.setter
    def name(self, value: str) -> None:
        self._set_head("name", value)

    @property
    def uuid(self) -> str:
        """The UUID; empty when libvirt is to make one."""
        return self._text("uuid")

    @uuid.setter
    def uuid(self, value: str) -> None:
        self._set_head("uuid", value)

    @property
    def title(self) -> str:
        """A short description for people, or empty."""
        return self._text("title")

    @title.setter
    def title(self, value: str) -> None:
        self._set_head("title", value)

    @property
    def description(self) -> str:
        """The note, of any length, or empty."""
        return self._text("description")

    @description.setter
    def description(self, value: str) -> None:
        self._set_head("description", value)

    def _set_head(self, tag: str, value: str) -> None:
        """Set the text of an element at the head of the domain; an empty one is removed."""
        element = self.root.find(tag)
        if element is None and value:
            element = etree.Element(tag)
            earlier = _HEAD[: _HEAD.index(tag)]
            after = [self.root.index(child) for child in self.root if child.tag in earlier]
            xml_tree.insert(self.root, element, max(after, default=-1) + 1)
        if element is not None and value:
            element.text = value
        elif element is not None:
            xml_tree.remove(element)

    @property
    def type(self) -> str:
        """``kvm`` or ``qemu`` (emulation), or another hypervisor's name."""
        return self.root.get("type", "")

    def set_type(self, value: str) -> None:
        """Choose ``kvm`` or ``qemu``, with a CPU model that it can offer.

        The models that pass the host's CPU on need KVM; without it, ``maximum`` gives all that
        the emulation can do.
        """
        self.root.set("type", value)
        cpu = self.root.find("cpu")
        if cpu is None:
            return
        if value == "qemu" and cpu.get("mode") in ("host-passthrough", "host-model"):
            cpu.set("mode", "maximum")
        elif value == "kvm" and cpu.get("mode") == "maximum":
            cpu.set("mode", "host-passthrough")

    @property
    def os_type(self) -> str:
        """``hvm`` for a full virtual machine."""
        return self._text("os/type")

    @property
    def arch(self) -> str:
        """The architecture: ``x86_64``, ``aarch64``."""
        return self._attribute("os/type", "arch")

    @property
    def machine(self) -> str:
        """The machine type: ``pc-q35-7.2``, ``virt``."""
        return self._attribute("os/type", "machine")

    @property
    def firmware(self) -> str:
        """``efi`` or ``bios`` when libvirt is to choose the firmware itself; else empty."""
        return self._attribute("os", "firmware")

    @property
    def loader(self) -> str:
        """The path of the firmware image, or empty."""
        return self._text("os/loader").strip()

    @property
    def is_uefi(self) -> bool:
        """Whether the guest boots with UEFI."""
        return self.firmware == "efi" or self._attribute("os/loader", "type") == "pflash"

    @property
    def nvram(self) -> str:
        """The path of the file with the UEFI variables, or empty."""
        return self._text("os/nvram").strip() or self._attribute("os/nvram/source", "file")

    @nvram.setter
    def nvram(self, value: str) -> None:
        source = self.root.find("os/nvram/source")
        system = self.root.find("os")
        element = self.root.find("os/nvram")
        if element is None and system is not None:
            element = etree.Element("nvram")
            before = [c for c in system if c.tag in ("type", "firmware", "loader")]
            xml_tree.insert(system, element, system.index(before[-1]) + 1 if before else 0)
        if source is not None:
            source.set("file", value)
        elif element is not None:
            element.text = value

    @property
    def memory_kib(self) -> int:
        """The memory that the guest is built with, in KiB: the most that it can ever have."""
        return read_kib(self.root.find("memory"))

    @memory_kib.setter
    def memory_kib(self, value: int) -> None:
        write_kib(self.root.find("memory"), value)

    @property
    def current_memory_kib(self) -> int:
        """What the memory balloon leaves to the guest, in KiB."""
        element = self.root.find("currentMemory")
        return self.memory_kib if element is None else read_kib(element)

    @current_memory_kib.setter
    def current_memory_kib(self, value: int) -> None:
        write_kib(self.root.find("currentMemory"), value)

    @property
    def vcpus(self) -> int:
        """The most virtual CPUs that the guest can have."""
        return xml_tree.number(self._text("vcpu").strip(), 1)

    @vcpus.setter
    def vcpus(self, value: int) -> None:
        element = self.root.find("vcpu")
        if element is not None:
            element.text = str(value)

    @property
    def current_vcpus(self) -> int:
        """The virtual CPUs that the guest starts with."""
        return xml_tree.number(self._attribute("vcpu", "current"), self.vcpus)

    @current_vcpus.setter
    def current_vcpus(self, value: int) -> None:
        element = self.root.find("vcpu")
        if element is None:
            return
        if value == self.vcpus:
            element.attrib.pop("current", None)
        else:
            element.set("current", str(value))

    @property
    def disks(self) -> list[DiskDevice]:
        """The disks, CD-ROM and floppy drives, in their order."""
        return [DiskDevice(element) for element in self.root.findall("devices/disk")]

    @property
    def cdroms(self) -> list[DiskDevice]:
        """The CD-ROM drives, in their order."""
        return [disk for disk in self.disks if disk.is_cdrom]

    @property
    def interfaces(self) -> list[InterfaceDevice]:
        """The network interfaces, in their order."""
        return [InterfaceDevice(element) for element in self.root.findall("devices/interface")]

    @property
    def graphics(self) -> list[GraphicsDevice]:
        """The displays, in their order."""
        return [GraphicsDevice(element) for element in self.root.findall("devices/graphics")]


def read_kib(element: etree._Element | None) -> int:
    """Return an amount of memory in KiB, whatever its unit; a missing one is 0."""
    if element is None:
        return 0
    unit = _UNITS.get(element.get("unit", "KiB"), 1024)
    # libvirt rounds up to a whole KiB.
    return -(-xml_tree.number((element.text or "").strip()) * unit // 1024)


def write_kib(element: etree._Element | None, value: int) -> None:
    """Write an amount of memory in KiB; a missing element stays missing."""
    if element is not None:
        element.text = str(value)
        if element.get("unit", "KiB") != "KiB":
            element.set("unit", "KiB")
