"""The last pictures of machines: kept for their owner, each connection by itself."""

from pathlib import Path

import pytest

from vmdesk.core.kept_pictures import KeptPictures

A, B = "6695eb01-f6a4-8304-79aa-97f2502e193f", "7795eb01-f6a4-8304-79aa-97f2502e193f"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for what can be lost."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def pictures(cache: Path) -> KeptPictures:
    return KeptPictures("qemu:///session")


def test_the_last_picture_of_a_machine_is_kept_until_it_is_gone(
    cache: Path, pictures: KeptPictures
) -> None:
    assert pictures.read(A) == b""
    for content in (b"first", b"second"):
        pictures.write(A, content)
        assert KeptPictures("qemu:///session").read(A) == content
    assert pictures.read(B) == b""
    pictures.remove(A)
    pictures.remove(A)
    assert pictures.read(A) == b""
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_only_the_owner_can_look_at_a_picture(cache: Path, pictures: KeptPictures) -> None:
    pictures.write(A, b"secret")
    (file,) = (path for path in cache.rglob("*") if path.is_file())
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


def test_a_sweep_leaves_the_pictures_of_machines_that_are_there_and_of_other_connections(
    pictures: KeptPictures,
) -> None:
    other = KeptPictures("qemu:///system")
    for kept in (pictures, other):
        kept.write(A, b"a")
        kept.write(B, b"b")
    pictures.sweep([B])
    assert [pictures.read(A), pictures.read(B)] == [b"", b"b"]
    assert [other.read(A), other.read(B)] == [b"a", b"b"]


def test_without_a_place_nothing_is_kept_and_nothing_fails(
    cache: Path, pictures: KeptPictures
) -> None:
    cache.touch()
    pictures.write(A, b"a")
    pictures.sweep([])
    pictures.remove(A)
    assert pictures.read(A) == b""
