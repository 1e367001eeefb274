"""Write the XML of a good new domain for this host.

The choices and their reasons: https://libvirt.org/formatdomain.html and the project's facts.
"""

from dataclasses import dataclass
from pathlib import Path

from lxml import etree
from lxml.builder import E

from vmdesk.core.capabilities import Capabilities

SPARE_PCIE_PORTS = 14
"""PCIe root ports kept free: on q35 only they take a device while the machine runs."""

_USED_PCIE_PORTS = 6
"""Ports that libvirt gives to the disk, network, USB, channels, balloon and random numbers."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """What the user chose. ``memory`` is in KiB; ``disc`` is ``None`` for an empty drive."""

    uuid: str
    name: str
    memory: int
    vcpus: int
    disk: Path
    disc: Path | None
    use_kvm: bool


def build(hardware: Hardware, host: Capabilities) -> str:
    """Return the XML of a domain with ``hardware`` that makes the best of ``host``."""
    mode = "host-passthrough" if hardware.use_kvm else "maximum"
    domain = E.domain(
        E.name(hardware.name),
        E.uuid(hardware.uuid),
        E.memory(str(hardware.memory), unit="KiB"),
        E.vcpu(str(hardware.vcpus)),
        E.os(E.type("hvm", arch=host.arch, machine=host.machine)),
        E.features(E.acpi(), E.apic(), E.vmport(state="off")),
        E.cpu(mode=mode),
        _clock(),
        E.on_poweroff("destroy"),
        E.on_reboot("restart"),
        E.on_crash("destroy"),
        E.pm(E("suspend-to-mem", enabled="no"), E("suspend-to-disk", enabled="no")),
        E.devices(
            E.emulator(host.emulator),
            *_drives(hardware),
            *_controllers(),
            _interface(host),
            *_inputs_and_channels(),
            *_display(host),
            E.memballoon(E.stats(period="5"), model="virtio"),
            *([_rng()] if host.has_rng else []),
        ),
        type="kvm" if hardware.use_kvm else "qemu",
    )
    return etree.tostring(domain, pretty_print=True, encoding="unicode")


def _clock() -> etree._Element:
    return E.clock(
        E.timer(name="rtc", tickpolicy="catchup"),
        E.timer(name="pit", tickpolicy="delay"),
        E.timer(name="hpet", present="no"),
        offset="utc",
    )


def _drives(hardware: Hardware) -> list[etree._Element]:
    # The disk comes before the CD-ROM: empty at first, then an installer does not start again.
    disk = E.disk(
        E.driver(name="qemu", type="qcow2", discard="unmap", detect_zeroes="unmap"),
        E.source(file=str(hardware.disk)),
        E.target(dev="vda", bus="virtio"),
        E.boot(order="1"),
        type="file",
        device="disk",
    )
    cdrom = E.disk(E.driver(name="qemu", type="raw"), type="file", device="cdrom")
    if hardware.disc is not None:
        # Without "optional" an ISO that was deleted would keep the machine from starting.
        cdrom.append(E.source(file=str(hardware.disc), startupPolicy="optional"))
    cdrom.extend([E.target(dev="sda", bus="sata"), E.readonly(), E.boot(order="2")])
    return [disk, cdrom]


def _controllers() -> list[etree._Element]:
    count = SPARE_PCIE_PORTS + _USED_PCIE_PORTS
    ports = [E.controller(type="pci", model="pcie-root-port") for _ in range(count)]
    return [
        E.controller(type="usb", model="qemu-xhci", ports="15"),
        E.controller(type="pci", model="pcie-root"),
        *ports,
    ]


def _interface(host: Capabilities) -> etree._Element:
    if not host.network:
        return E.interface(E.model(type="virtio"), type="user")
    return E.interface(E.source(network=host.network), E.model(type="virtio"), type="network")


def _inputs_and_channels() -> list[etree._Element]:
    return [
        E.serial(E.target(port="0"), type="pty"),
        E.console(E.target(type="serial", port="0"), type="pty"),
        E.channel(E.target(type="virtio", name="org.qemu.guest_agent.0"), type="unix"),
        E.input(type="tablet", bus="usb"),
    ]


def _display(host: Capabilities) -> list[etree._Element]:
    listen = E.listen(type="address", address="127.0.0.1")
    if not host.has_spice:
        return [
            E.graphics(listen, type="vnc", autoport="yes"),
            E.video(E.model(type="virtio")),
        ]
    devices = [
        E.graphics(listen, E.image(compression="off"), type="spice", autoport="yes"),
        E.sound(model="ich9"),
        E.audio(id="1", type="spice"),
        E.video(E.model(type="virtio")),
    ]
    if host.has_channel_spicevmc:
        devices.append(
            E.channel(E.target(type="virtio", name="com.redhat.spice.0"), type="spicevmc")
        )
    if host.has_usb_redirection:
        devices += [E.redirdev(bus="usb", type="spicevmc") for _ in range(2)]
    return devices


def _rng() -> etree._Element:
    return E.rng(E.backend("/dev/urandom", model="random"), model="virtio")
