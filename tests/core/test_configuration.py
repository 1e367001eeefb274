"""What the window has saved is read without Qt: which libvirt, and which folders."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from vmdesk.core import configuration, paths
from vmdesk.core.configuration import choose_uri, default_uri
from vmdesk.settings import Settings


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("VMDESK_URI", raising=False)


def save(uri: str) -> None:
    settings = Settings()
    settings.uri = uri
    del settings


def test_root_and_users_have_different_defaults() -> None:
    assert default_uri(is_root=True) == "qemu:///system"
    assert default_uri(is_root=False) == "qemu:///session"


def test_the_option_wins_over_the_environment_and_that_over_the_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert choose_uri(None).startswith("qemu:///")
    save("test:///setting")
    assert choose_uri(None) == "test:///setting"
    monkeypatch.setenv("VMDESK_URI", "test:///environment")
    assert choose_uri(None) == "test:///environment"
    assert choose_uri("test:///option") == "test:///option"


@pytest.mark.parametrize("uri", ["qemu+ssh://me@host:22/system?no_verify=1", "test:///a,b;c=d"])
def test_any_address_that_the_window_saves_is_read_back(uri: str) -> None:
    save(uri)
    assert choose_uri(None) == uri


def test_a_damaged_settings_file_counts_as_none(tmp_path: Path) -> None:
    file = tmp_path / "vmdesk" / "vmdesk.conf"
    file.parent.mkdir()
    file.write_bytes(b"\xff\xfe[[[")
    assert choose_uri(None).startswith("qemu:///")


def test_the_folders_are_those_of_the_window_or_else_the_defaults() -> None:
    assert configuration.isos_dir() == paths.isos_dir()
    settings = Settings()
    settings.isos_folder = "/srv/isos"
    settings.disks_folder = "not absolute"
    del settings
    assert configuration.isos_dir() == Path("/srv/isos")
    assert configuration.disks_dir() == paths.disks_dir()


@example("\xa0")
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_folder_of_any_name_is_read_back(name: str) -> None:
    settings = Settings()
    settings.disks_folder = f"/srv/{name}"
    del settings
    assert configuration.disks_dir() == Path(f"/srv/{name}")
