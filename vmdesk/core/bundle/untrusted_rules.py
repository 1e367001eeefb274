"""What the description of a machine from outside may hold: elements, attributes and values.

Whatever isn't listed is left out. What is listed says something about the guest only: nothing
here names a file, a program, a device, a socket or an address of the host.
"""

# https://libvirt.org/formatdomain.html

from collections.abc import Mapping
from dataclasses import dataclass, field

NUMBER = r"[0-9]{1,18}"
HEX = r"(0x)?[0-9a-fA-F]{1,4}"
LONG_HEX = r"(0x)?[0-9a-fA-F]{1,16}"
WORD = r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}"
NAME = r"[^\x00-\x1f\x7f/]{1,255}"
# What controls a terminal, or the direction of writing so that something else is shown.
_CONTROLS = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
TITLE = rf"[^\t\n{_CONTROLS}]{{0,500}}"
TEXT = rf"[^{_CONTROLS}]{{0,10000}}"
SWITCH = "on|off|yes|no|default"
UNIT = "b|bytes|KB|k|KiB|MB|M|MiB|GB|G|GiB|TB|T|TiB"
MAC = r"([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}"

OSINFO = "{http://libosinfo.org/xmlns/libvirt/domain/1.0}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one element may hold; the values are regular expressions for the whole text.

    An element that breaks ``must`` is left out as a whole, an attribute that breaks ``may`` only
    by itself. What is in ``forced`` is set whatever it was. ``most`` is how many of its kind the
    parent may have.
    """

    may: Mapping[str, str] = field(default_factory=dict)
    must: Mapping[str, str] = field(default_factory=dict)
    forced: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    children: Mapping[str, "Rule"] = field(default_factory=dict)
    most: int = 64


def _text(pattern: str, **may: str) -> Rule:
    return Rule(may=may, text=pattern)


def _may(**attributes: str) -> Rule:
    return Rule(may=attributes)


_STATE = _may(state=SWITCH)
_BOOT = _may(order=NUMBER)
# libvirt makes a controller for each number up to the largest that is named: keep it small.
_INDEX = r"[0-9]{1,2}|0x[0-9a-fA-F]{1,2}"
_ADDRESS = Rule(
    must={"type": "pci|drive|usb|virtio-serial|isa|ccid|ccw|spapr-vio"},
    may=dict.fromkeys(("bus", "slot", "function", "controller", "target", "unit"), _INDEX)
    | dict.fromkeys(("domain", "cssid", "ssid", "devno", "iobase", "irq"), HEX)
    | {"reg": LONG_HEX, "port": r"[0-9]{1,2}(\.[0-9]{1,2}){0,3}", "multifunction": SWITCH},
)
_PLACED = {"address": _ADDRESS, "boot": _BOOT}

_HYPERV_SWITCHES = (
    "relaxed", "vapic", "vpindex", "runtime", "synic", "reset", "frequencies", "reenlightenment",
    "ipi", "evmcs", "avic", "emsr_bitmap", "xmm_input",
)  # fmt: skip
_HYPERV = dict.fromkeys(_HYPERV_SWITCHES, _STATE) | {
    "spinlocks": _may(state=SWITCH, retries=NUMBER),
    "stimer": Rule(may={"state": SWITCH}, children={"direct": _STATE}),
    "tlbflush": Rule(may={"state": SWITCH}, children={"direct": _STATE, "extended": _STATE}),
    "vendor_id": _may(state=SWITCH, value=WORD),
}

_SWITCHES = ("acpi", "pae", "hap", "viridian", "privnet", "vmport", "smm", "pmu", "vmcoreinfo")
_FEATURES = dict.fromkeys(_SWITCHES, _STATE) | {
    "apic": _may(eoi=SWITCH),
    "gic": _may(version="2|3|host"),
    "ioapic": _may(driver="kvm|qemu"),
    "hyperv": Rule(may={"mode": "custom|passthrough"}, children=_HYPERV),
    "kvm": Rule(children=dict.fromkeys(("hidden", "hint-dedicated", "poll-control"), _STATE)),
}

_CPU = Rule(
    may={
        "mode": "custom|host-model|host-passthrough|maximum",
        "match": "minimum|exact|strict",
        "check": "none|partial|full",
        "migratable": SWITCH,
    },
    children={
        "model": _text(WORD, fallback="allow|forbid"),
        "vendor": _text(WORD),
        "topology": _may(
            sockets=NUMBER, dies=NUMBER, clusters=NUMBER, cores=NUMBER, threads=NUMBER
        ),
        "cache": _may(level="[1-4]", mode="emulate|passthrough|disable"),
        "feature": Rule(
            must={"name": WORD, "policy": "force|require|optional|disable|forbid"}, most=512
        ),
    },
)

_CLOCK = Rule(
    may={
        "offset": "utc|localtime|timezone|variable",
        "timezone": r"[A-Za-z_]+(/[A-Za-z_+0-9-]+){0,2}",
        "basis": "utc|localtime",
        "adjustment": r"-?[0-9]{1,12}|reset",
    },
    children={
        "timer": Rule(
            must={"name": "rtc|pit|hpet|kvmclock|hypervclock|tsc|armvtimer"},
            may={
                "tickpolicy": "delay|catchup|merge|discard",
                "track": "guest|wall|realtime|boot",
                "present": SWITCH,
                "frequency": NUMBER,
                "mode": "auto|native|emulate|smpsafe",
            },
        )
    },
)

_FIRMWARE_FEATURE = Rule(must={"name": "secure-boot|enrolled-keys", "enabled": SWITCH})
_OS = Rule(
    may={"firmware": "efi|bios"},
    children={
        "type": Rule(must={"arch": WORD}, may={"machine": WORD}, text="hvm", most=1),
        "boot": Rule(must={"dev": "hd|cdrom|network|fd"}),
        "bootmenu": _may(enable=SWITCH, timeout=NUMBER),
        "bios": _may(useserial=SWITCH, rebootTimeout=r"-?[0-9]{1,6}"),
        "firmware": Rule(
            children={
                "feature": Rule(must={"name": "secure-boot|enrolled-keys", "enabled": SWITCH})
            }
        ),
    },
)

_DISK = Rule(
    must={"device": "disk|cdrom|floppy"},
    children={
        "driver": _may(discard="unmap|ignore", detect_zeroes="off|on|unmap"),
        "target": Rule(
            must={"dev": r"(hd|sd|vd|fd|xvd|ubd)[a-z]{1,2}"},
            may={"bus": "ide|sata|scsi|virtio|usb|fdc|sd", "rotation_rate": NUMBER},
            most=1,
        ),
        "serial": _text(r"[A-Za-z0-9_. +-]{1,36}"),
        **_PLACED,
    },
)

_CONTROLLER = Rule(
    must={"type": "pci|sata|ide|scsi|usb|virtio-serial|fdc|ccid"},
    may={"index": _INDEX, "model": WORD, "ports": _INDEX, "vectors": _INDEX},
    children={
        "model": Rule(must={"name": WORD}),
        "target": _may(chassis=HEX, chassisNr=HEX, port=HEX, busNr=HEX, hotplug=SWITCH),
        "master": _may(startport=_INDEX),
        **_PLACED,
    },
    most=128,
)

_INTERFACE = Rule(
    may={"type": "user|network"},
    children={
        "mac": Rule(must={"address": MAC}),
        "source": Rule(must={"network": NAME}),
        "model": Rule(must={"type": WORD}),
        "link": _may(state="up|down"),
        "mtu": _may(size=NUMBER),
        **_PLACED,
    },
    most=32,
)

_SERIAL_TARGET = Rule(
    may={
        "type": "isa-serial|usb-serial|pci-serial|system-serial|serial|virtio|sclp",
        "port": _INDEX,
    },
    children={"model": Rule(must={"name": WORD})},
)
_SERIAL = Rule(forced={"type": "pty"}, children={"target": _SERIAL_TARGET, **_PLACED}, most=8)

_CHANNEL = Rule(
    must={"type": "unix|spicevmc"},
    children={
        "target": Rule(
            must={"type": "virtio", "name": r"org\.qemu\.guest_agent\.0|com\.redhat\.spice\.0"},
            most=1,
        ),
        **_PLACED,
    },
    most=8,
)

_VIDEO_MODEL = Rule(
    must={"type": "vga|virtio|qxl|cirrus|bochs|ramfb|none"},
    may=dict.fromkeys(("ram", "vram", "vram64", "vgamem"), NUMBER)
    | {"heads": _INDEX, "primary": SWITCH},
    children={"resolution": _may(x=NUMBER, y=NUMBER)},
)

_DEVICES = {
    "disk": _DISK,
    "controller": _CONTROLLER,
    "interface": _INTERFACE,
    "serial": _SERIAL,
    "console": _SERIAL,
    "channel": _CHANNEL,
    "input": Rule(
        must={"type": "tablet|mouse|keyboard", "bus": "usb|ps2|virtio"},
        may={"model": WORD},
        children=_PLACED,
        most=16,
    ),
    "tpm": Rule(
        must={"model": "tpm-crb|tpm-tis|tpm-spapr"},
        children={"backend": Rule(must={"type": "emulator"}, may={"version": r"1\.2|2\.0"})},
        most=1,
    ),
    "graphics": Rule(must={"type": "spice|vnc"}, most=2),
    "sound": Rule(
        must={"model": WORD}, children={"codec": Rule(must={"type": WORD}), **_PLACED}, most=4
    ),
    "video": Rule(children={"model": _VIDEO_MODEL, **_PLACED}, most=4),
    "watchdog": Rule(
        must={"model": WORD, "action": "reset|shutdown|poweroff|pause|none|inject-nmi"},
        children=_PLACED,
        most=2,
    ),
    "memballoon": Rule(
        must={"model": WORD},
        may={"autodeflate": SWITCH, "freePageReporting": SWITCH},
        children={"stats": _may(period=NUMBER), **_PLACED},
        most=1,
    ),
    "rng": Rule(
        must={"model": WORD},
        children={
            "rate": _may(bytes=NUMBER, period=NUMBER),
            "backend": Rule(must={"model": "random"}, text="/dev/u?random"),
            **_PLACED,
        },
        most=2,
    ),
    "panic": Rule(must={"model": WORD}, children=_PLACED, most=2),
    "hub": Rule(must={"type": "usb"}, children=_PLACED, most=8),
    "redirdev": Rule(must={"bus": "usb", "type": "spicevmc"}, children=_PLACED, most=8),
}

_EVENT = "destroy|restart|preserve|rename-restart"

DOMAIN = Rule(
    may={"type": "kvm|qemu|hvf"},
    children={
        "name": Rule(text=NAME, most=1),
        "title": _text(TITLE),
        "description": _text(TEXT),
        "metadata": Rule(
            children={
                f"{OSINFO}libosinfo": Rule(
                    children={f"{OSINFO}os": Rule(must={"id": r"https?://[a-z0-9./-]{1,200}"})}
                )
            }
        ),
        "memory": Rule(may={"unit": UNIT}, text=NUMBER, most=1),
        "currentMemory": Rule(may={"unit": UNIT}, text=NUMBER, most=1),
        "vcpu": Rule(may={"placement": "static", "current": NUMBER}, text=NUMBER, most=1),
        "os": _OS,
        "features": Rule(children=_FEATURES, most=1),
        "cpu": _CPU,
        "clock": _CLOCK,
        "on_poweroff": _text(_EVENT),
        "on_reboot": _text(_EVENT),
        "on_crash": _text(_EVENT),
        "pm": Rule(
            children={
                "suspend-to-mem": _may(enabled=SWITCH),
                "suspend-to-disk": _may(enabled=SWITCH),
            }
        ),
        "devices": Rule(children=_DEVICES, most=1),
    },
)
