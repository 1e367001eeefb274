"""Which libvirt is talked to."""

from pathlib import Path

import pytest

from vmdesk.core.connection_choice import choose_uri, default_uri
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
