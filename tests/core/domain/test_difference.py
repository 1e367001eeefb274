"""Two descriptions differ in words that a user knows, and in lines for whoever wants them."""

from pathlib import Path

from tests.core.domain.test_xml import golden
from vmdesk.core.domain import difference, drives, sizing
from vmdesk.core.domain.difference import Line, LineKind


def test_equal_descriptions_have_no_difference() -> None:
    text = golden("windows-11-tpm").text
    assert difference.lines(text, text) == []
    assert difference.in_words(text, text) == []


def test_lines_show_what_changed_and_where() -> None:
    before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl"
    after = before.replace("c\n", "").replace("k", "K")
    found = difference.lines(before, after)
    assert found == [
        Line(LineKind.GAP, ""),
        Line(LineKind.SAME, "a"),
        Line(LineKind.SAME, "b"),
        Line(LineKind.REMOVED, "c"),
        Line(LineKind.SAME, "d"),
        Line(LineKind.SAME, "e"),
        Line(LineKind.GAP, ""),
        Line(LineKind.SAME, "i"),
        Line(LineKind.SAME, "j"),
        Line(LineKind.REMOVED, "k"),
        Line(LineKind.ADDED, "K"),
        Line(LineKind.SAME, "l"),
    ]


def test_a_line_that_looks_like_a_gap_is_none() -> None:
    assert difference.lines("", "@home") == [
        Line(LineKind.GAP, ""),
        Line(LineKind.ADDED, "@home"),
    ]


def test_passwords_are_not_shown() -> None:
    before = golden("i440fx-old-host").text
    lines = difference.lines(before, before.replace("s3cr&amp;t", "other"))
    changed = [line for line in lines if line.kind in (LineKind.ADDED, LineKind.REMOVED)]
    assert [line.kind for line in changed] == [LineKind.REMOVED, LineKind.ADDED]
    assert all("passwd='…'>" in line.text for line in changed)


def test_known_values_are_told_in_words() -> None:
    before, xml = golden("windows-11-tpm").text, golden("windows-11-tpm")
    xml.title = ""
    xml.set_type("qemu")
    sizing.set_memory(xml, 4 * 1024**2)
    sizing.set_vcpus(xml, 6)
    xml.cdroms[0].eject()
    drives.add_disk(xml, Path("/vm/more.qcow2"), "qcow2")
    assert difference.in_words(before, xml.text) == [
        "Title: Windows 11 (accounting) → none",
        "Accelerator: kvm → qemu",
        "Memory: 8 GiB → 4 GiB",
        "Present memory: 8 GiB → 4 GiB",
        "CPUs: 4 → 6",
        "Present CPUs: 4 → 6",
        "Drive sdb: /srv/iso/Win11_22H2_German_x64v2.iso → empty",
        "Drive sdd: none → /vm/more.qcow2",
    ]


def test_drives_without_a_file_are_named_by_their_source() -> None:
    pooled, remote = golden("pool-volume"), golden("network-disks")
    for xml in (pooled, remote):
        before = xml.text
        drives.remove(xml, "vda")
        source = difference.in_words(before, xml.text)
        assert source[0].startswith("Drive vda: ")
    assert source == ["Drive vda: rbd://10.0.0.11:6789/vms/ceph-guest → none"]
