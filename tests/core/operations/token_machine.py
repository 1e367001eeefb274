"""Machines whose disk proves its content: the boot sector writes a token to the serial port."""

import os
import subprocess
import time
from pathlib import Path

import libvirt
from lxml import etree

from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host

DISK_SIZE = 8 * MIB
DEADLINE = 60
"""Seconds for a guest to write its token."""

_WOULD_BLOCK = -2
"""What libvirt returns instead of bytes where there are none yet."""

# xor ax,ax; mov ds,ax; cld; mov si,token; mov dx,COM1; next: lodsb; test al,al; jz end;
# out dx,al; jmp next; end: hlt; jmp end; token:
_CODE = bytes.fromhex("31c08ed8fcbe167cbaf803ac84c07403eeebf8f4ebfd")


def boot_sector(token: str) -> bytes:
    """Return 512 bytes that write ``token`` and stop."""
    return (_CODE + token.encode() + b"\n\0").ljust(510, b"\0") + b"\x55\xaa"


def make_raw(path: Path, token: str, size: int = DISK_SIZE) -> Path:
    """Make a raw disk with a boot sector, some data that can't be compressed, and holes."""
    with path.open("wb") as file:
        file.write(boot_sector(token))
        file.seek(2 * MIB)
        file.write(os.urandom(MIB))
        file.truncate(size)
    return path


def make_qcow2(path: Path, token: str) -> Path:
    """Make a qcow2 disk with the same content."""
    raw = make_raw(path.with_suffix(".source"), token)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path], check=True)
    raw.unlink()
    return path


def define(
    host: Host, name: str, disks: list[tuple[Path, str]], os_xml: str = "", devices: str = ""
) -> libvirt.virDomain:
    """Define a machine with 64 MiB and these disks (path and format), ``vda`` first."""
    disk_xml = "".join(
        f"""<disk type='file' device='disk'><driver name='qemu' type='{kind}'/>
        <source file='{path}'/><target dev='vd{letter}' bus='virtio'/></disk>"""
        for (path, kind), letter in zip(disks, "abcdef", strict=False)
    )
    return host.connection.defineXML(f"""
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os {"firmware='efi'" if os_xml == "efi" else ""}><type machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <cpu mode='maximum'/>
  <on_poweroff>destroy</on_poweroff>
  <devices>
    {disk_xml}
    <interface type='user'><mac address='52:54:00:11:22:33'/><model type='virtio'/></interface>
    <serial type='pty'/>
    {devices}
  </devices>
</domain>""")


def boot(host: Host, uuid: str, log: Path) -> str:
    """Start the machine, wait until it wrote a line to its serial port, and return that."""
    domain = log_serial_port(host, uuid, log)
    domain.create()
    try:
        return read_token(log)
    finally:
        domain.destroy()


def running(host: Host, name: str, folder: Path) -> str:
    """Make a machine with a disk in ``folder`` and start it; return its UUID once it has booted."""
    disk = make_qcow2(folder / f"{name}.qcow2", "token")
    uuid: str = define(host, name, [(disk, "qcow2")]).UUIDString()
    log_serial_port(host, uuid, folder / "log").create()
    assert read_token(folder / "log") == "token"
    return uuid


def read_console(domain: libvirt.virDomain) -> str:
    """Start the machine, here or elsewhere; return the first line that it writes to its console."""
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    stream = domain.connect().newStream(libvirt.VIR_STREAM_NONBLOCK)
    domain.openConsole(None, stream)
    domain.resume()
    line = b""
    deadline = time.monotonic() + DEADLINE
    while not line.endswith(b"\n"):
        assert time.monotonic() < deadline, f"the guest wrote no token: {line!r}"
        piece = stream.recv(1)
        if piece == _WOULD_BLOCK:
            time.sleep(0.02)
        else:
            line += piece
    stream.abort()
    domain.destroy()
    return line.decode().strip()


def log_serial_port(host: Host, uuid: str, log: Path) -> libvirt.virDomain:
    """Let the machine write what it says on its serial port to a file."""
    domain = host.domain(uuid)
    root = etree.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    for device in root.xpath("devices/serial | devices/console"):
        device.getparent().remove(device)
    devices = root.find("devices")
    assert devices is not None
    serial = etree.SubElement(devices, "serial", type="file")
    etree.SubElement(serial, "source", path=str(log))
    return host.connection.defineXML(etree.tostring(root, encoding="unicode"))


def read_token(log: Path) -> str:
    """Return the first line that a guest writes to its serial port, once it's there."""
    deadline = time.monotonic() + DEADLINE
    # QEMU tells nobody that a guest wrote to a file, so there is nothing to wait on.
    while not (log.exists() and b"\n" in log.read_bytes()):
        assert time.monotonic() < deadline, "the guest wrote no token"
        time.sleep(0.02)
    return log.read_text().splitlines()[0].strip()


def delete(host: Host, uuid: str) -> None:
    """Undefine a machine and remove its disks, as the user would before a restore."""
    domain = host.domain(uuid)
    root = etree.fromstring(domain.XMLDesc())
    domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
    for path in root.xpath("devices/disk/source/@file"):
        Path(path).unlink()
