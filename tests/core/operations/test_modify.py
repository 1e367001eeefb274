"""Only what is given is changed, at once or for the next start, within what the host has."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import PrivateLibvirt
from tests.core.operations import small_machine
from vmdesk.core import capabilities, history
from vmdesk.core.domain import difference
from vmdesk.core.formatting import KIB, MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import changes as changes_module
from vmdesk.core.operations import definition, modify
from vmdesk.core.operations.changes import Changes, Field, Network
from vmdesk.core.operations.definition import Definition
from vmdesk.core.operations.modify import Applied

MEMORY = 96 * MIB // KIB
MAC = "52:54:00:00:00:01"


def test_what_is_given_is_changed_and_nothing_else(test_host: Host, uuid: str) -> None:
    test_host.domain(uuid).destroy()
    before = definition.read(test_host, uuid)
    changes = Changes(title="A <title>", description="two\nlines", memory_kib=MEMORY, vcpus=3)
    applied = modify.run(test_host, uuid, changes, Job())
    changed = {Field.TITLE, Field.DESCRIPTION, Field.MEMORY, Field.VCPUS}
    assert applied == Applied(frozenset(changed), frozenset())
    after = definition.read(test_host, uuid)
    lines = [line.kind.value + line.text.strip() for line in difference.lines(before, after)]
    assert {line for line in lines if line[0] in "+-"} == {
        "+<title>A &lt;title&gt;</title>",
        "+<description>two",
        "+lines</description>",
        "-<memory unit='KiB'>8388608</memory>",
        "-<currentMemory unit='KiB'>2097152</currentMemory>",
        "-<vcpu placement='static'>2</vcpu>",
        f"+<memory unit='KiB'>{MEMORY}</memory>",
        f"+<currentMemory unit='KiB'>{MEMORY}</currentMemory>",
        "+<vcpu placement='static'>3</vcpu>",
    }
    assert history.text(uuid, 1) == before


def test_the_password_of_a_display_survives(test_host: Host, uuid: str) -> None:
    base = definition.read(test_host, uuid)
    graphics = "<graphics type='vnc' port='5901' passwd='s3cret'/>"
    test_host.connection.defineXML(base.replace("</devices>", f"{graphics}</devices>"))
    modify.run(test_host, uuid, Changes(title="t"), Job())
    assert "passwd='s3cret'" in definition.read(test_host, uuid)
    assert "passwd='s3cret'" in history.text(uuid, 1)


def test_an_empty_text_removes_a_title_and_none_leaves_it(test_host: Host, uuid: str) -> None:
    modify.run(test_host, uuid, Changes(title="t", description="d"), Job())
    modify.run(test_host, uuid, Changes(title=""), Job())
    after = definition.read(test_host, uuid)
    assert "<title>" not in after
    assert "<description>d</description>" in after


def test_a_running_machine_is_retitled_at_once_and_resized_at_the_next_start(
    test_host: Host, uuid: str
) -> None:
    changes = Changes(title="t", memory_kib=MEMORY, autostart=True)
    applied = modify.run(test_host, uuid, changes, Job())
    assert applied.now == {Field.TITLE, Field.AUTOSTART}
    assert applied.next_start == {Field.MEMORY} == modify.pending(test_host, uuid)
    assert "<title>t</title>" in test_host.domain(uuid).XMLDesc()
    assert test_host.domain(uuid).autostart()


def test_a_driver_that_refuses_a_live_change_is_quoted(test_host: Host, uuid: str) -> None:
    changes = Changes(memory_kib=MEMORY, live=True)
    applied = modify.run(test_host, uuid, changes, Job())
    assert applied.next_start == {Field.MEMORY}
    assert "mutually exclusive" in applied.refusals[0]
    assert len(history.entries(uuid)) == 1


def test_nothing_is_pending_for_a_machine_that_is_off(test_host: Host, uuid: str) -> None:
    modify.run(test_host, uuid, Changes(memory_kib=MEMORY), Job())
    test_host.domain(uuid).destroy()
    assert modify.pending(test_host, uuid) == frozenset()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (Changes(memory_kib=1024), "16 MiB of memory at least"),
        (Changes(memory_kib=4 * 1024**2), "has 3 GiB of memory"),
        (Changes(vcpus=0), "has 16 CPUs"),
        (Changes(vcpus=17), "has 16 CPUs"),
        (Changes(title="two\nlines"), "one line"),
        (Changes(description="a\x00b"), "control characters"),
        (Changes(display="rdp"), "no kind of display"),
        (Changes(networks=(Network(MAC, "network"),)), "Choose which network"),
        (Changes(networks=(Network(MAC, "user", "default"),)), "Choose which network"),
        (Changes(networks=(Network(MAC, "direct", "eth0"),)), "Choose which network"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_written(
    test_host: Host, uuid: str, changes: Changes, words: str
) -> None:
    before = definition.read(test_host, uuid)
    with pytest.raises(OperationError, match=words) as caught:
        modify.run(test_host, uuid, changes, Job())
    assert caught.value.cause is Cause.INVALID_VALUE
    assert definition.read(test_host, uuid) == before
    assert history.entries(uuid) == []


def test_what_only_the_description_refuses_is_refused_before_anything_is_written(
    test_host: Host, uuid: str
) -> None:
    pages = "<memoryBacking><hugepages><page size='2' unit='MiB'/></hugepages></memoryBacking>"
    base = definition.read(test_host, uuid)
    test_host.connection.defineXML(base.replace("<vcpu", f"{pages}<vcpu"))
    before = definition.read(test_host, uuid)
    changes = Changes(vcpus=1, memory_kib=MEMORY + 1024, autostart=True, live=True)
    with pytest.raises(OperationError, match="huge pages"):
        modify.run(test_host, uuid, changes, Job())
    assert definition.read(test_host, uuid) == before
    assert history.entries(uuid) == []
    assert not test_host.domain(uuid).autostart()


def test_a_change_by_another_program_is_not_overwritten(test_host: Host, uuid: str) -> None:
    base = definition.read(test_host, uuid)
    modify.run(test_host, uuid, Changes(title="theirs"), Job())
    with pytest.raises(OperationError, match="another program"):
        modify.run(test_host, uuid, Changes(title="ours", autostart=True, base=base), Job())
    assert "theirs" in definition.read(test_host, uuid)
    assert not test_host.domain(uuid).autostart()


def test_bounds_are_the_hosts(test_host: Host) -> None:
    assert changes_module.bounds(test_host) == changes_module.Bounds(
        3 * 1024**2, 9 * 1024**2 // 4, 16
    )


def test_displays_and_cards_of_a_machine_that_is_off_are_changed(
    test_host: Host, uuid: str
) -> None:
    test_host.domain(uuid).destroy()
    changes = Changes(display="vnc", networks=(Network(MAC, "network", "default", "e1000e"),))
    modify.run(test_host, uuid, changes, Job())
    xml = small_machine.stored(test_host.domain(uuid))
    assert [graphics.type for graphics in xml.graphics] == ["vnc"]
    (card,) = xml.interfaces
    assert (card.type, card.source, card.model, card.mac) == ("network", "default", "e1000e", MAC)


def test_a_card_of_a_running_machine_waits_if_the_driver_can_not_replug_it(
    test_host: Host, uuid: str
) -> None:
    same = Changes(networks=(Network(MAC, "user"),))
    assert modify.run(test_host, uuid, same, Job()).now == {Field.NETWORK}
    assert history.entries(uuid) == []
    other = Changes(networks=(Network(MAC, "network", "default"),))
    applied = modify.run(test_host, uuid, other, Job())
    assert applied.next_start == {Field.NETWORK} == modify.pending(test_host, uuid)
    assert len(applied.refusals) == 1


@pytest.mark.hypervisor
def test_a_real_machine_that_is_off_gets_other_memory_and_cpus(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    modify.run(private_host, domain.UUIDString(), Changes(memory_kib=MEMORY, vcpus=1), Job())
    xml = small_machine.stored(domain)
    assert (xml.memory_kib, xml.current_memory_kib) == (MEMORY, MEMORY)
    assert (xml.vcpus, xml.current_vcpus) == (1, 1)
    domain.create()
    assert domain.info()[1:4] == [MEMORY, MEMORY, 1]


@pytest.mark.hypervisor
def test_a_real_machine_takes_cpus_and_memory_while_it_runs_within_its_maxima(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    domain.create()
    changes = Changes(memory_kib=MEMORY, vcpus=2, live=True)
    applied = modify.run(private_host, domain.UUIDString(), changes, Job())
    assert applied == Applied(frozenset({Field.MEMORY, Field.VCPUS}), frozenset())
    assert small_machine.running(domain).current_vcpus == 2
    stored = small_machine.stored(domain)
    assert (stored.memory_kib, stored.current_memory_kib) == (128 * 1024, MEMORY)
    assert (stored.vcpus, stored.current_vcpus) == (2, 2)
    assert modify.pending(private_host, domain.UUIDString()) == frozenset()


@pytest.mark.hypervisor
def test_more_than_a_running_machine_can_have_waits_for_the_next_start(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    domain.create()
    changes = Changes(memory_kib=2 * MEMORY, live=True)
    applied = modify.run(private_host, domain.UUIDString(), changes, Job())
    assert applied == Applied(frozenset(), frozenset({Field.MEMORY}))
    assert small_machine.running(domain).memory_kib == 128 * 1024
    domain.destroy()
    domain.create()
    assert small_machine.running(domain).memory_kib == 2 * MEMORY


@pytest.mark.hypervisor
def test_kvm_is_refused_where_it_does_not_work_and_chosen_where_it_does(
    private_host: Host, private_libvirt: PrivateLibvirt, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    changes = Changes(use_kvm=True)
    if "<domain>kvm</domain>" in private_libvirt.virsh("domcapabilities"):
        modify.run(private_host, domain.UUIDString(), changes, Job())
        assert small_machine.stored(domain).type == "kvm"
    else:
        with pytest.raises(OperationError, match="KVM does not work"):
            modify.run(private_host, domain.UUIDString(), changes, Job())
        assert small_machine.stored(domain).type == "qemu"


def test_one_card_of_several_is_reconnected_alone(test_host: Host, uuid: str) -> None:
    second = MAC.replace("01", "02")
    card = f"<interface type='user'><mac address='{second}'/></interface>"
    base = definition.read(test_host, uuid)
    test_host.domain(uuid).destroy()
    test_host.connection.defineXML(base.replace("</devices>", f"{card}</devices>")).create()
    changes = Changes(networks=(Network(second.upper(), "network", "default"),))
    applied = modify.run(test_host, uuid, changes, Job())
    assert len(applied.refusals) == 1  # the driver was asked for one card only
    cards = small_machine.stored(test_host.domain(uuid)).interfaces
    assert [(card.mac, card.type) for card in cards] == [(MAC, "user"), (second, "network")]


@pytest.mark.parametrize(("use_kvm", "kind"), [(True, "kvm"), (False, "qemu")])
def test_a_driver_that_can_not_tell_of_accelerators_stores_the_one_that_is_wanted(
    test_host: Host, uuid: str, use_kvm: bool, kind: str
) -> None:
    applied = modify.run(test_host, uuid, Changes(use_kvm=use_kvm), Job())
    assert applied == Applied(frozenset(), frozenset({Field.ACCELERATOR}))
    assert small_machine.stored(test_host.domain(uuid)).type == kind


@pytest.mark.hypervisor
def test_spice_is_refused_where_qemu_has_none(
    private_host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = small_machine.define(private_host, tmp_path).UUIDString()
    offer = replace(capabilities.read(private_host), has_spice=False)
    monkeypatch.setattr(capabilities, "read", lambda _host: offer)
    with pytest.raises(OperationError, match="QEMU has no SPICE") as caught:
        modify.run(private_host, uuid, Changes(display="spice"), Job())
    assert caught.value.cause is Cause.INVALID_VALUE
    assert history.entries(uuid) == []


@pytest.mark.hypervisor
def test_a_daemon_that_dies_during_a_live_change_is_no_refusal(
    private_host: Host,
    private_libvirt: PrivateLibvirt,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    domain.create()
    asked = []

    def keep_and_die(found: Definition) -> None:  # just before libvirt is asked
        asked.append(found)
        private_libvirt.kill_daemon()

    monkeypatch.setattr(Definition, "keep", keep_and_die)
    changes = Changes(memory_kib=MEMORY, vcpus=2, live=True)
    with pytest.raises(OperationError, match="lost"):
        modify.run(private_host, domain.UUIDString(), changes, Job())
    assert len(asked) == 1  # and not for the CPUs too
