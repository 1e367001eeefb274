"""File names that servers suggest, made safe."""

import pytest

from vmdesk.core.download import names as download_names

SITE = "https://site.example/pool/"


@pytest.mark.parametrize(
    ("addresses", "disposition", "name"),
    [
        ([SITE + "debian%2012.iso?mirror=3"], "", "debian 12.iso"),
        ([SITE + "get?id=5"], 'attachment; filename="arch.iso"', "arch.iso"),
        ([SITE + "get?id=5"], "attachment; filename*=UTF-8''na%C3%AFve.iso", "naïve.iso"),
        ([SITE + "latest", SITE + "fedora-42.iso"], "", "fedora-42.iso"),
        ([SITE + "debian.iso", SITE + "blob/3f2a"], "", "debian.iso"),
        ([SITE + "latest"], "", "latest.iso"),
        (["https://site.example/"], "", "site.example.iso"),
        ([SITE + "x"], 'attachment; filename="../../.bashrc"', "bashrc.iso"),
        ([SITE + "x"], 'attachment; filename="C:\\\\boot\\\\win.ISO"', "win.ISO"),
        ([SITE + "..%2F..%2Fetc%2Fpasswd"], "", "passwd.iso"),
        ([SITE + "a%00b%0Ac%E2%80%AEd.iso"], "", "abcd.iso"),
    ],
)
def test_a_download_gets_a_safe_name(addresses: list[str], disposition: str, name: str) -> None:
    assert download_names.of_download(addresses, disposition) == name


def test_a_long_name_is_cut_before_its_suffix() -> None:
    name = download_names.of_download([SITE + "ä" * 500 + ".iso"], "")
    assert name.endswith("ä.iso")
    assert 110 < len(name.encode()) <= 120


def test_names_are_set_apart_by_a_number_before_the_suffix() -> None:
    names = [download_names.numbered("debian-12.8.iso", number) for number in (1, 2, 3)]
    assert names == ["debian-12.8.iso", "debian-12.8-2.iso", "debian-12.8-3.iso"]


@pytest.mark.parametrize(
    ("file", "machine"),
    [
        ("debian-12.8.0-amd64-netinst.iso", "debian-12.8.0-amd64-netinst"),
        ("Windows 11 (x64).ISO", "Windows-11-x64"),
        ("été.img", "t"),
        ("日本.iso", "machine"),
        ("a" * 200 + ".iso", "a" * 60),
    ],
)
def test_a_machine_is_named_after_its_disc(file: str, machine: str) -> None:
    assert download_names.of_machine(file) == machine
