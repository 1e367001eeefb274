"""The log: nothing of it is there before there is something to tell."""

import io
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmdesk.core.log_file import LogFile


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "state" / "vmdesk.log"


@pytest.fixture
def handler(place: Path) -> Iterator[LogFile]:
    handler = LogFile(place)
    handler.setFormatter(logging.Formatter("<%(message)s>"))
    yield handler
    handler.close()


def tell(handler: logging.Handler, text: str) -> None:
    handler.handle(logging.LogRecord("vmdesk", logging.INFO, __file__, 1, text, (), None))


def test_a_file_is_made_for_the_first_record(handler: LogFile, place: Path) -> None:
    assert not place.parent.exists()
    tell(handler, "one")
    tell(handler, "two")
    assert place.read_text() == "<one>\n<two>\n"


def test_what_has_told_nothing_closes_without_a_file(handler: LogFile, place: Path) -> None:
    handler.close()
    assert not place.parent.exists()


def test_as_long_as_no_file_can_be_it_is_told_on_standard_error(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    handler = LogFile(place)
    handler.setFormatter(logging.Formatter("<%(message)s>"))
    place.parent.write_text("in the way")
    tell(handler, "one")
    place.parent.unlink()
    tell(handler, "two")
    handler.close()
    assert said.getvalue() == "<one>\n"
    assert place.read_text() == "<two>\n"
