"""A module is loaded when it is asked for its first name; until then it has a stand-in."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SHELF = "from vmdesk.core import later\n\nlater.load_at_first_use(__name__)\n"


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with two modules, one of which needs the other."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "__init__.py").write_text(SHELF)
    (folder / "book.py").write_text("from shelf import author\n\nwords = 3\n")
    (folder / "author.py").write_text("name = 'somebody'\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "shelf"]:
        del sys.modules[name]


def loaded() -> set[str]:
    return {name for name in sys.modules if name.startswith("shelf.")}


def imported(name: str, package: str = "shelf") -> Any:
    """Do what ``from package import name`` does."""
    return getattr(__import__(package, fromlist=[name]), name)


def test_an_import_loads_nothing_and_the_first_use_loads_it() -> None:
    book = imported("book")
    assert loaded() == set()
    assert book.words == 3
    assert loaded() == {"shelf.book"}
    assert book.author.name == "somebody"
    assert loaded() == {"shelf.book", "shelf.author"}


def test_a_name_of_a_module_loads_it_at_once_and_the_module_takes_its_place() -> None:
    stand_in = imported("author")
    assert imported("name", "shelf.author") == "somebody"
    module = imported("author")
    assert module is sys.modules["shelf.author"] is not stand_in
    assert vars(stand_in) is vars(module)


def test_what_is_put_into_the_stand_in_is_put_into_the_module() -> None:
    book = imported("book")
    book.words = 4
    assert sys.modules["shelf.book"].words == 4
    del book.words
    with pytest.raises(AttributeError, match="words"):
        _ = book.words


def test_a_module_that_is_not_there_is_missed_when_it_is_imported() -> None:
    with pytest.raises(AttributeError, match="novel"):
        imported("novel")
