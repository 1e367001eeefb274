"""Machines that start in a moment without an operating system, for tests with real QEMU."""

import subprocess
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import libvirt

from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host

DISK_SIZE = 8 * MIB

_PORTS = "".join(
    f"<controller type='pci' index='{index}' model='pcie-root-port'/>" for index in range(1, 9)
)
_CDROM = """
    <disk type='file' device='cdrom'>
      <driver name='qemu' type='raw'/>
      {source}
      <target dev='sda' bus='sata'/>
      <readonly/>
    </disk>"""


def make_disk(path: Path, size: int = DISK_SIZE) -> Path:
    """Make an empty qcow2 image."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", path, str(size)], check=True)
    return path


def make_iso(path: Path) -> Path:
    """Make a file with the mark of an ISO 9660 volume, and nothing on it."""
    path.write_bytes(b"\0" * 0x8000 + b"\x01CD001\x01" + b"\0" * 0x8000)
    return path


def define(
    host: Host, folder: Path, *, name: str = "small", disc: Path | None = None, os: str = ""
) -> libvirt.virDomain:
    """Define a machine with 64 MiB (of 128), 1 CPU (of 2), a disk ``vda`` and a drive ``sda``."""
    disk = make_disk(folder / f"{name}.qcow2")
    source = f"<source file={quoteattr(str(disc))} startupPolicy='optional'/>" if disc else ""
    return host.connection.defineXML(f"""
<domain type='qemu'>
  <name>{escape(name)}</name>
  <memory unit='MiB'>128</memory>
  <currentMemory unit='MiB'>64</currentMemory>
  <vcpu current='1'>2</vcpu>
  <os {os}><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/><apic/></features>
  <cpu mode='maximum'/>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file={quoteattr(str(disk))}/>
      <target dev='vda' bus='virtio'/>
    </disk>{_CDROM.format(source=source)}
    {_PORTS}
    <memballoon model='virtio'/>
  </devices>
</domain>""")


def stored(domain: libvirt.virDomain) -> DomainXml:
    """Return what the next start uses, as libvirt tells it."""
    return DomainXml.parse(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def running(domain: libvirt.virDomain) -> DomainXml:
    """Return what the machine runs with, as libvirt tells it."""
    return DomainXml.parse(domain.XMLDesc())
