"""The doctor of this very computer, with parts of it gone, closed, or started for the while."""

import os
import shlex
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.elsewhere import DEV, Elsewhere, findings

Findings = dict[str, dict[str, Any]]

SYSTEM = "qemu:///system"
DATA = '"$XDG_DATA_HOME"/vmdesk'

PROGRAMS = ("qemu-img", "qemu-system-x86_64", "virt-viewer", "swtpm", "passt")
MODULES = "/usr/lib/x86_64-linux-gnu/qemu"
HELPER = "/usr/lib/qemu/qemu-bridge-helper"
PARTS = {
    "qemu-img": "broken",
    "emulator": "broken",
    "virt-viewer": "warning",
    "swtpm": "warning",
    "passt": "warning",
    "firmware": "warning",
    "spice": "warning",
    "libvirt": "broken",
}
"""What can be moved aside, and how bad that is."""


def test_what_is_installed_is_good(elsewhere: Elsewhere) -> None:
    found = findings(elsewhere.run(elsewhere.doctor()))
    assert {check: found[check]["state"] for check in PARTS} == dict.fromkeys(PARTS, "good")
    # The libvirt of this user was started by the check: it answers in time all the same.
    assert found["connection"]["state"] == "good"


def test_what_was_moved_aside_is_missed_and_has_a_package(elsewhere: Elsewhere) -> None:
    script = "rm " + " ".join(f"/usr/bin/{name}" for name in PROGRAMS) + "\n"
    script += f"rm /usr/sbin/libvirtd /usr/share/qemu/firmware/*.json {MODULES}/*-spice*.so\n"
    changing = ["/usr/bin", "/usr/sbin", "/usr/share/qemu/firmware", MODULES]
    found = findings(elsewhere.run(script + elsewhere.doctor(), changing=changing))
    assert {check: found[check]["state"] for check in PARTS} == PARTS
    for check in PARTS:
        (mend,) = found[check]["mends"]
        assert "apt-get install -y" in mend["shown"], check
    assert found["connection"]["state"] == "broken"
    assert "could not be tried" in found["kvm trial"]["meaning"]
    assert found["kvm trial"]["state"] == "not checked"


def test_what_does_not_run_is_as_bad_as_if_it_were_missing(elsewhere: Elsewhere) -> None:
    libraries = "/usr/lib/x86_64-linux-gnu"
    script = f"rm {libraries}/liburing.so*\n" + elsewhere.doctor()
    found = findings(elsewhere.run(script, changing=[libraries]))
    assert (found["qemu-img"]["state"], found["emulator"]["state"]) == ("broken", "broken")
    assert "does not run" in found["qemu-img"]["meaning"]
    assert "liburing" in found["qemu-img"]["details"]
    assert "qemu-utils (Debian, Ubuntu)" in found["qemu-img"]["advice"]


def test_a_device_that_is_not_there_is_told(elsewhere: Elsewhere) -> None:
    found = findings(elsewhere.run(DEV + elsewhere.doctor()))
    assert found["device"]["state"] == "broken"
    assert "There is no /dev/kvm" in found["device"]["meaning"]


def test_a_device_that_is_closed_is_told(elsewhere: Elsewhere) -> None:
    script = DEV + 'touch "$top/dev/kvm"; chmod 0 "$top/dev/kvm"\n'
    found = findings(elsewhere.run(script + elsewhere.doctor()))
    assert found["device"]["state"] == "broken"
    assert "chmod 0666 /dev/kvm" in found["device"]["mends"][0]["shown"]


def test_a_device_that_is_open_is_tried_with_a_machine(elsewhere: Elsewhere) -> None:
    """The real device, which root has opened: here a machine fails with it, elsewhere it runs."""
    device = Path(os.environ.get("VMDESK_TEST_MOUNTS", "/nowhere"), "kvm")
    if not os.access(device, os.R_OK | os.W_OK):
        pytest.skip("VMDESK_TEST_MOUNTS has no “kvm”: root makes it for the whole test run")
    script = f'{DEV}touch "$top/dev/kvm"; mount --bind {device} "$top/dev/kvm"\n'
    script += (
        "as_user timeout 5 qemu-system-x86_64 -accel kvm -cpu host -machine q35 -display none "
        "-S -daemonize -pidfile $top/qemu.pid 2>/dev/null && kill $(cat $top/qemu.pid) "
        "&& echo works || echo fails\n"
    )
    starts, line = elsewhere.run(script + elsewhere.doctor()).splitlines()
    found = findings(line)
    assert found["device"]["state"] == "good"
    assert found["kvm trial"]["state"] == ("good" if starts == "works" else "broken")
    assert starts == "works" or "announces KVM" in found["kvm trial"]["meaning"]
    assert starts == "works" or found["kvm trial"]["details"]


def test_processor_and_modules_are_read_where_the_kernel_tells_them(elsewhere: Elsewhere) -> None:
    script = "mount -t tmpfs none /sys/module\n"
    for flags in ("vmx", "hypervisor", "sse"):
        script += f'echo "flags : fpu {flags}" >"$top/{flags}"\n'
        script += f'mount --bind "$top/{flags}" /proc/cpuinfo\n' + elsewhere.doctor()
        script += "mkdir -p /sys/module/kvm_intel/parameters\n"
        script += "echo Y >/sys/module/kvm_intel/parameters/nested\n"
    first, second, third = map(findings, elsewhere.run(script).splitlines())
    told = [found["processor"]["state"] for found in (first, second, third)]
    assert told == ["good", "warning", "warning"]
    assert "modprobe kvm_intel" in first["module"]["mends"][0]["shown"]
    assert "guests can have guests" in second["module"]["meaning"]


def test_the_group_of_libvirt_counts_from_the_next_login(elsewhere: Elsewhere) -> None:
    """What usermod writes, and what this process was given when it logged in."""
    user, group = os.environ.get("USER", ""), os.getgid()
    script = 'name=$(getent passwd "$user" | cut -d: -f1)\n'
    lines = (
        "other:x:1:",
        "libvirt:x:99123:somebody",
        'libvirt:x:99123:"$name"',
        f'libvirt:x:{group}:"$name"',
    )
    for number, line in enumerate(lines):
        script += f'echo {line} >"$top/{number}"; mount --bind "$top/{number}" /etc/group\n'
        script += elsewhere.doctor(SYSTEM)
    told = [findings(line)["group"] for line in elsewhere.run(script).splitlines()]
    assert [found["state"] for found in told] == ["not needed", "warning", "warning", "good"], user
    assert "no group" in told[0]["meaning"]
    assert "usermod -a -G libvirt" in told[1]["mends"][0]["shown"]
    assert "from the next login" in told[2]["meaning"]
    assert "is a member" in told[3]["meaning"]


def test_a_libvirt_of_the_system_is_looked_at_from_outside(elsewhere: Elsewhere) -> None:
    script = elsewhere.doctor() + elsewhere.doctor(SYSTEM)
    script += "chmod 0 /run/libvirt/libvirt-sock\n" + elsewhere.doctor(SYSTEM)
    script += "rm /run/libvirt/libvirt-sock\n" + elsewhere.doctor(SYSTEM)
    said = elsewhere.run(script, system_libvirt=True).splitlines()
    beside, let_in, closed, gone = map(findings, said)
    assert "lets" in beside["system instance"]["meaning"]
    assert (beside["connection"]["state"], let_in["connection"]["state"]) == ("good", "good")
    assert let_in["network"]["state"] == "broken"
    assert "did not let you in" in closed["connection"]["meaning"]
    assert "usermod -a -G libvirt" in closed["connection"]["mends"][0]["shown"]
    assert "closed to" in closed["system instance"]["meaning"]
    assert "is not running" in gone["connection"]["meaning"]
    assert "systemctl enable --now" in gone["connection"]["mends"][0]["shown"]
    assert (gone["system instance"]["state"], gone["network"]["state"]) == ("broken", "not checked")


MENDING = """
import sys
from pathlib import Path
from vmdesk.core import events
from vmdesk.core.doctor import examination, mending
from vmdesk.core.doctor.finding import Surroundings
from vmdesk.core.job import Job
uri, check, data = sys.argv[1:]
events.register()
events.start_thread()
while True:
    surroundings = Surroundings(uri, Path(data, "disks"), Path(data, "isos"))
    found = {one.check: one for one in examination.run(surroundings, Job())}[check]
    print(found.state.value, *(mend.text for mend in found.mends), sep=":", flush=True)
    if not found.mends:
        break
    mending.run(found.mends[0], (), Job())
"""


def mending(uri: str, check: str) -> str:
    """Return the line of a script that mends, by what is offered first, until all is well."""
    argv = [sys.executable, "-c", MENDING, uri, check]
    return f"as_user {shlex.join(argv)} {DATA}\n"


def test_the_network_is_made_started_and_kept_by_the_doctors_own_mends(
    elsewhere: Elsewhere,
) -> None:
    # Without addresses, for libvirt's helper for those can't change its user in a namespace.
    network = "<network><name>default</name><bridge name='virbr0'/></network>"
    script = f'echo "{network}" >"$top/n"; mount --bind "$top/n" '
    script += "/usr/share/libvirt/networks/default.xml\n" + mending(SYSTEM, "network")
    said = elsewhere.run(script, system_libvirt=True).splitlines()
    assert said == ["broken:Make it", "broken:Start it", "warning:Start it always", "good"]


def test_a_folder_that_was_closed_is_opened_by_the_doctors_own_mend(elsewhere: Elsewhere) -> None:
    script = f"mkdir -m 500 {DATA}\n" + mending("qemu:///session", "folders")
    assert elsewhere.run(script).splitlines() == ["broken:Allow writing", "good"]


def test_room_is_told_as_it_is(elsewhere: Elsewhere) -> None:
    script = "".join(
        f"mount -t tmpfs -o size={size} none $XDG_DATA_HOME\n{elsewhere.doctor()}"
        for size in ("20g", "5g", "500m")
    )
    told = [findings(line)["room"] for line in elsewhere.run(script).splitlines()]
    assert [found["state"] for found in told] == ["good", "warning", "broken"]
    assert "Only 5 GiB are free" in told[1]["meaning"]


@pytest.mark.mounts
def test_whether_copies_are_fast_is_told_of_each_file_system(
    elsewhere: Elsewhere, mounts: Path
) -> None:
    with ExitStack() as stack:
        # Folders that go again: vmdesk notes in its own which format its files have.
        folders = [
            stack.enter_context(TemporaryDirectory(dir=mounts / place))
            for place in ("xfs", "btrfs", "full")
        ]
        script = "".join(
            f"mount --bind {folder} $XDG_DATA_HOME\n{elsewhere.doctor()}" for folder in folders
        )
        told = [findings(line)["sharing"]["meaning"] for line in elsewhere.run(script).splitlines()]
    assert ["share their blocks" in meaning for meaning in told] == [True, True, False]


APPARMOR = (
    "Nov 25 04:00:00 host kernel: [  42.0] audit: type=1400 audit(1700000000.000:42): "
    'apparmor="DENIED" operation="open" class="file" '
    'profile="libvirt-6695eb01-f6a4-8304-79aa-97f2502e193f" name="/home/me/x.iso" pid=42 '
    'comm="qemu-system-x86" requested_mask="r" denied_mask="r" fsuid=64055 ouid=1000'
)
"""As the kernel writes it (security/apparmor/audit.c); the one here has no AppArmor to ask."""


def test_a_log_is_read_where_this_user_may(elsewhere: Elsewhere) -> None:
    script = "mount -t tmpfs none /var/log\n" + elsewhere.doctor()
    script += "echo a quiet day >/var/log/kern.log\n" + elsewhere.doctor()
    script += f"echo {shlex.quote(APPARMOR)} >/var/log/kern.log\n" + elsewhere.doctor()
    script += "chmod 0 /var/log/kern.log\n" + elsewhere.doctor()
    said = elsewhere.run(script).splitlines()
    nothing, quiet, denied, closed = (findings(line)["denials"] for line in said)
    assert (quiet["state"], "nothing that they denied" in quiet["meaning"]) == ("good", True)
    assert (nothing["state"], denied["state"]) == ("not checked", "warning")
    assert closed["state"] == "not checked"
    assert denied["details"] == APPARMOR
    assert (
        nothing["meaning"]
        == closed["meaning"]
        == ("You may read no log that would have what they deny.")
    )


def test_the_bridge_helper_is_set_up_by_root_alone(elsewhere: Elsewhere) -> None:
    script = elsewhere.doctor() + f'cp {HELPER} "$top/helper"; chmod 4755 "$top/helper"\n'
    script += f'mount --bind "$top/helper" {HELPER}\n'
    script += 'mkdir -p /etc/qemu; echo "allow br0" >/etc/qemu/bridge.conf\n' + elsewhere.doctor()
    script += f"umount {HELPER}; rm {HELPER}\n" + elsewhere.doctor()
    said = elsewhere.run(script, changing=["/usr/lib/qemu", "/etc"]).splitlines()
    before, set_up, gone = (findings(line)["bridge helper"] for line in said)
    assert "not set up" in before["meaning"]
    assert "allow br0" in set_up["meaning"]
    assert "not installed" in gone["meaning"]
    states = (before["state"], set_up["state"], gone["state"])
    assert states == ("not needed", "good", "not needed")


def test_a_libvirt_that_never_answers_costs_less_than_two_seconds(elsewhere: Elsewhere) -> None:
    listener = (
        "import socket, time; s = socket.socket(socket.AF_UNIX); "
        's.bind("/run/libvirt/libvirt-sock"); s.listen(); time.sleep(60)'
    )
    timed = (
        "import sys, time; from pathlib import Path; "
        "from vmdesk.core.doctor import examination; from vmdesk.core.job import Job; "
        "from vmdesk.core.doctor.finding import Surroundings; start = time.monotonic(); "
        f'found = examination.run(Surroundings("{SYSTEM}", Path("/d"), Path("/i")), Job()); '
        'print(time.monotonic() - start, {f.check: f.meaning for f in found}["connection"])'
    )
    script = "mount -t tmpfs none /run; mkdir /run/libvirt\n"
    script += f"{shlex.join([sys.executable, '-c', listener])} & echo $! >$top/libvirtd.pid\n"
    script += "until [ -e /run/libvirt/libvirt-sock ]; do sleep 0.1; done\n"
    script += f"as_user {shlex.join([sys.executable, '-c', timed])}\n"
    seconds, _space, meaning = elsewhere.run(script).partition(" ")
    assert float(seconds) < 2
    assert "has not answered in time" in meaning
