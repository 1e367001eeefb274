"""Machines start, stop and pause when asked to, and say why when they do not."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import libvirt
import pytest

from tests.conftest import FOLDERS, PrivateLibvirt
from tests.core.operations import small_machine, token_machine
from tests.guests import PoliteGuest, Waiting
from vmdesk.core import capabilities, history
from vmdesk.core.host import DomainState, Host
from vmdesk.core.job import Cancelled, Cause, Job, OperationError
from vmdesk.core.operations import start_stop

pytestmark = pytest.mark.hypervisor

Deed = Callable[[Host, str, Job], None]


@pytest.fixture
def small(private_host: Host, tmp_path: Path) -> str:
    """The UUID of a machine that is off, and ignores whatever it is asked once it runs."""
    return str(small_machine.define(private_host, tmp_path).UUIDString())


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[PoliteGuest]:
    guest = PoliteGuest(tmp_path)
    yield guest
    guest.close()


@pytest.fixture
def polite(private_host: Host, guest: PoliteGuest) -> str:
    """The UUID of a machine that runs, and powers off when it is asked to."""
    disks = [(guest.disk, "raw")]
    domain = token_machine.define(private_host, "polite", disks, devices=guest.devices)
    start_stop.start(private_host, domain.UUIDString(), Job())
    guest.wait_until_ready()
    return str(domain.UUIDString())


def state(host: Host, uuid: str) -> DomainState:
    info = host.domain_info(uuid)
    assert info is not None
    return info.state


def failure(deed: Deed, host: Host, uuid: str) -> OperationError:
    with pytest.raises(OperationError) as caught:
        deed(host, uuid, Job())
    return caught.value


def test_a_machine_goes_through_all_its_states(private_host: Host, small: str) -> None:
    steps: list[tuple[Deed, DomainState]] = [
        (start_stop.start, DomainState.RUNNING),
        (start_stop.pause, DomainState.PAUSED),
        (start_stop.resume, DomainState.RUNNING),
        (start_stop.pause, DomainState.PAUSED),
        (start_stop.force_off, DomainState.SHUTOFF),
    ]
    for deed, expected in steps:
        deed(private_host, small, Job())
        assert state(private_host, small) is expected


def test_what_a_state_does_not_allow_is_a_wrong_state(private_host: Host, small: str) -> None:
    def refused(*deeds: Deed) -> None:
        for deed in deeds:
            error = failure(deed, private_host, small)
            assert error.cause is Cause.WRONG_STATE, deed

    asking = (start_stop.shut_down, start_stop.reboot, start_stop.pause)
    refused(*asking, start_stop.resume, start_stop.force_off)
    start_stop.start(private_host, small, Job())
    refused(start_stop.start, start_stop.start_without_kvm, start_stop.resume)
    start_stop.pause(private_host, small, Job())
    refused(*asking, start_stop.start)
    assert failure(start_stop.shut_down, private_host, small).summary == "The machine is paused."


@pytest.mark.parametrize(
    "deed",
    [
        start_stop.start,
        start_stop.start_without_kvm,
        start_stop.shut_down,
        start_stop.force_off,
        start_stop.reboot,
        start_stop.pause,
        start_stop.resume,
        lambda host, uuid, job: start_stop.shut_down_and_wait(host, uuid, 1, job),
    ],
)
def test_a_machine_that_is_gone_is_not_found(test_host: Host, deed: Deed) -> None:
    assert failure(deed, test_host, str(uuid4())).cause is Cause.NOT_FOUND


def test_a_missing_disk_is_named(private_host: Host, small: str, tmp_path: Path) -> None:
    disk = tmp_path / "small.qcow2"
    disk.unlink()
    assert str(disk) in failure(start_stop.start, private_host, small).summary


def test_a_missing_disc_is_named_unless_it_is_optional(private_host: Host, tmp_path: Path) -> None:
    iso = tmp_path / "gone.iso"
    domain = small_machine.define(private_host, tmp_path, disc=iso)
    start_stop.start(private_host, domain.UUIDString(), Job())
    domain.destroy()
    xml = domain.XMLDesc().replace("optional", "mandatory")
    private_host.connection.defineXML(xml)
    error = failure(start_stop.start, private_host, domain.UUIDString())
    assert error.summary == f"The installation disc {iso} is missing."
    assert "eject" in error.hint


def test_a_disk_that_this_user_may_not_look_at_is_left_to_qemu(
    private_host: Host, small: str
) -> None:
    xml = small_machine.stored(private_host.domain(small))
    xml.disks[0].insert_file(Path("/root/secret/disk.qcow2"))
    private_host.connection.defineXML(xml.text)
    error = failure(start_stop.start, private_host, small)
    assert "may not read a file" in error.summary
    assert "/root/secret/disk.qcow2" in error.details


def test_a_guest_that_listens_shuts_down_and_is_waited_for(private_host: Host, polite: str) -> None:
    start_stop.shut_down_and_wait(private_host, polite, 20, Job())
    assert state(private_host, polite) is DomainState.SHUTOFF


def test_a_guest_that_listens_restarts(private_host: Host, polite: str, guest: PoliteGuest) -> None:
    start_stop.reboot(private_host, polite, Job())
    guest.wait_until_ready()
    assert state(private_host, polite) is DomainState.RUNNING


def test_a_guest_that_ignores_it_is_not_waited_for_for_ever(private_host: Host, small: str) -> None:
    start_stop.start(private_host, small, Job())
    with pytest.raises(OperationError, match="did not shut down") as caught:
        start_stop.shut_down_and_wait(private_host, small, 0.1, Job())
    assert "Force it off" in caught.value.hint
    assert state(private_host, small) is DomainState.RUNNING


def test_a_stop_from_outside_ends_the_wait_too(
    private_host: Host, private_libvirt: PrivateLibvirt, small: str
) -> None:
    start_stop.start(private_host, small, Job())
    job = Waiting(lambda _job: private_libvirt.virsh("destroy", small))
    start_stop.shut_down_and_wait(private_host, small, 20, job)


def test_a_cancel_ends_the_wait_and_leaves_the_machine(private_host: Host, small: str) -> None:
    start_stop.start(private_host, small, Job())
    with pytest.raises(Cancelled):
        start_stop.shut_down_and_wait(private_host, small, 20, Waiting(Waiting.cancel))
    assert state(private_host, small) is DomainState.RUNNING


def test_a_daemon_that_dies_ends_the_wait_with_an_error(
    private_host: Host, private_libvirt: PrivateLibvirt, small: str
) -> None:
    start_stop.start(private_host, small, Job())
    job = Waiting(lambda _job: private_libvirt.kill_daemon())
    with pytest.raises(OperationError, match="lost"):
        start_stop.shut_down_and_wait(private_host, small, 60, job)


def test_a_disk_in_use_by_another_machine_is_told(
    private_host: Host, small: str, tmp_path: Path
) -> None:
    start_stop.start(private_host, small, Job())
    other = small_machine.stored(private_host.domain(small)).text
    other = other.replace(small, str(uuid4())).replace(">small<", ">other<")
    domain = private_host.connection.defineXML(other)
    error = failure(start_stop.start, private_host, domain.UUIDString())
    assert "in use by another program" in error.summary
    assert str(tmp_path / "small.qcow2") in error.details


def test_a_network_that_is_off_or_missing_is_named(private_host: Host, small: str) -> None:
    connection = private_host.connection
    interface = "<interface type='network'><source network='lab'/></interface>"
    xml = small_machine.stored(private_host.domain(small)).text
    connection.defineXML(xml.replace("</devices>", f"{interface}</devices>"))
    missing = failure(start_stop.start, private_host, small)
    assert missing.summary == "The virtual network of this machine does not exist."
    connection.networkDefineXML("<network><name>lab</name><bridge name='vmdesk-t'/></network>")
    off = failure(start_stop.start, private_host, small)
    assert off.summary == "The virtual network “lab” is not running."
    assert off.hint == "Start it with: virsh net-start lab"


EMULATOR = """#!/bin/sh
for argument; do
    shift
    [ "$argument" != tcg ] || argument=kvm
    set -- "$@" "$argument"
done
exec {qemu} "$@"
"""


def test_kvm_that_fails_is_told_and_can_be_done_without(
    private_host: Host, small: str, tmp_path: Path
) -> None:
    if capabilities.read(private_host).has_kvm:
        pytest.skip("KVM works here, so no start fails for it")
    emulator = tmp_path / "qemu-with-kvm"
    emulator.write_text(EMULATOR.format(qemu=shutil.which("qemu-system-x86_64")))
    emulator.chmod(0o700)
    xml = small_machine.stored(private_host.domain(small)).text
    path = f"<emulator>{emulator}</emulator>"
    domain = private_host.connection.defineXML(xml.replace("<devices>", f"<devices>{path}"))
    error = failure(start_stop.start, private_host, small)
    assert error.cause is Cause.NO_KVM
    assert "Start it without KVM" in error.hint
    assert "kvm" in error.details.lower()
    assert not domain.isActive()


def test_a_machine_for_kvm_starts_without_it_and_goes_on_so(
    private_libvirt: PrivateLibvirt, libvirt_events: None
) -> None:
    # libvirt takes no such definition where KVM does not work, but reads one that is there.
    uuid = str(uuid4())
    folder = FOLDERS["XDG_CONFIG_HOME"] / "libvirt/qemu"
    folder.mkdir(parents=True)
    (folder / "fast.xml").write_text(f"""
      <domain type='kvm'>
        <name>fast</name><uuid>{uuid}</uuid><memory unit='MiB'>64</memory>
        <os><type arch='x86_64' machine='q35'>hvm</type></os>
        <cpu mode='host-passthrough'/>
        <devices><emulator>{shutil.which("qemu-system-x86_64")}</emulator></devices>
      </domain>""")
    host = Host(private_libvirt.uri)
    host.open()
    if not capabilities.read(host).has_kvm:
        assert failure(start_stop.start, host, uuid).cause is Cause.NO_KVM
    start_stop.start_without_kvm(host, uuid, Job())
    assert state(host, uuid) is DomainState.RUNNING
    assert small_machine.stored(host.domain(uuid)).type == "qemu"
    (before,) = history.entries(uuid)
    assert "<domain type='kvm'" in history.text(uuid, before.number)
    host.close()


class SleepingGuest(PoliteGuest):
    """A guest of one sector that suspends to memory once, and says when it is awake again."""

    # mov al,40h; out CMOS,al; in al,CMOS+1; cmp al,MARK; je awake; mov al,MARK; out CMOS+1,al;
    # mov dx,PM1_CNT; mov ax,SLP_EN|S3; out dx,ax; hlt; jmp $-1;
    # awake: mov dx,COM2; mov al,"!"; out dx,al; hlt; jmp $-1
    # Without an address to go on at, SeaBIOS boots again; the CMOS memory remembers.
    _CODE = bytes.fromhex(
        "b040 e670 e471 3c5a 740e b05a e671 ba0406 b80024 ef f4 ebfd baf802 b021 ee f4 ebfd"
    )


def test_a_guest_that_put_itself_to_sleep_is_woken(private_host: Host, tmp_path: Path) -> None:
    guest = SleepingGuest(tmp_path)
    disks = [(guest.disk, "raw")]
    domain = token_machine.define(private_host, "sleeper", disks, devices=guest.devices)
    uuid = domain.UUIDString()
    asleep = threading.Event()
    connection = private_host.connection
    callback = connection.domainEventRegisterAny(
        domain, libvirt.VIR_DOMAIN_EVENT_ID_PMSUSPEND, lambda *_event: asleep.set(), None
    )
    start_stop.start(private_host, uuid, Job())
    assert asleep.wait(30)
    connection.domainEventDeregisterAny(callback)
    assert state(private_host, uuid) is DomainState.SUSPENDED
    assert failure(start_stop.pause, private_host, uuid).summary == "The machine is paused."

    start_stop.resume(private_host, uuid, Job())

    guest.wait_until_ready()
    assert state(private_host, uuid) is DomainState.RUNNING
    guest.close()
