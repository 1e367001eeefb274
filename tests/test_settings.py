"""Settings: typed, kept, and never worse than their defaults."""

from pathlib import Path

import pytest

from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.domain_key import DomainKey
from vmdesk.settings import Closing, Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vmdesk.conf"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uri", "qemu:///system"),
        ("window_geometry", b"\x00\x01\xff"),
        ("splitter", b"\xfe\x00"),
        ("sort", "state"),
        ("selection", DomainKey("qemu:///session", "6dc4891e-ce9f-4c1b-ae9f-bff4b2050aed")),
        ("isos_folder", "/srv/isos"),
        ("disks_folder", "/srv/disks, \\ and more"),
        ("exports_folder", "/srv/exports"),
        ("new_memory", 2048),
        ("new_vcpus", 8),
        ("new_disk_size", 100),
        ("export_form", ArchiveForm.TAR_ZST),
        ("closing", Closing.TRAY),
        ("has_tray", True),
        ("knows_no_kvm", True),
        ("picture_interval", 60),
        ("export_folder", "/home/jörg/Schreibtisch, links"),
    ],
)
def test_a_setting_is_kept(file: Path, name: str, value: object) -> None:
    settings = Settings(file)
    setattr(settings, name, value)
    del settings
    assert getattr(Settings(file), name) == value


def test_without_a_file_everything_has_a_default(file: Path) -> None:
    settings = Settings(file)
    assert settings.uri == ""
    assert settings.sort == "name"
    assert settings.window_geometry == b""


def test_a_file_full_of_nonsense_counts_as_none(file: Path) -> None:
    file.write_text("[window]\ngeometry=nonsense\nsplitter=\x00\n[[[\nsort=")
    settings = Settings(file)
    assert settings.export_form is ArchiveForm.TAR_GZ
    assert settings.window_geometry == b""
    assert settings.sort == "name"


@pytest.mark.parametrize("value", ["-1", "0", "99999999999999999999", "many", "²"])
def test_numbers_out_of_bounds_count_as_none(file: Path, value: str) -> None:
    file.write_text(f"[new]\nmemory={value}\nvcpus={value}\n[window]\npictures={value}")
    settings = Settings(file)
    assert (settings.new_memory, settings.new_vcpus, settings.picture_interval) == (4096, 2, 4)
