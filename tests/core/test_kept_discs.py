"""Which discs are in the library as they were when they came."""

from pathlib import Path

import pytest

from vmdesk.core import kept_discs
from vmdesk.core.download import record as download_record
from vmdesk.core.download.record import Record, Slot


@pytest.fixture
def slot(tmp_path: Path) -> Slot:
    """A slot whose file, ``disc.iso``, was downloaded and verified."""
    made = Slot(tmp_path, "https://example.org/disc.iso")
    download_record.prepare(made)
    disc = tmp_path / "disc.iso"
    disc.write_bytes(b"disc")
    record = Record(
        made.address, disc.name, 4, "", "", made.address, "0" * 64, "", disc.stat().st_mtime_ns
    )
    download_record.save(made.kept, record)
    return made


def test_a_disc_that_was_deleted_is_not_kept_though_its_record_is(slot: Slot) -> None:
    record = kept_discs.kept(slot)
    assert record is not None
    assert record.name == "disc.iso"
    (slot.library / "disc.iso").unlink()
    assert slot.kept.exists()
    assert kept_discs.kept(slot) is None


def test_a_disc_that_was_changed_is_not_kept(slot: Slot) -> None:
    (slot.library / "disc.iso").write_bytes(b"other disc")
    assert kept_discs.kept(slot) is None
