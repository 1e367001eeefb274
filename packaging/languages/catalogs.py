"""Keep the translations: ``catalogs.py update``, ``missing`` or ``compile``.

``update`` reads all text for users from the code into the template, and brings each language's
catalog in line with it; ``missing`` lists what a language still lacks, and fails if that is
anything; ``compile`` makes the files that gettext reads where they are older than their catalogs.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "resources/locale"
TEMPLATE = LOCALE / "vmdesk.pot"
ARGPARSE = Path(__file__).with_name("argparse_words.py")
_KEYWORDS = {"_": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
_HEADER = "# The words of vmdesk. This file is made by packaging/languages/catalogs.py.\n"
# What differs each time it is made would be a conflict for everyone who adds a text.
_LEFT_OUT = tuple(
    f'"{field}:'.encode()
    for field in (
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Generated-By",
        "Last-Translator",
        "Language-Team",
        "Report-Msgid-Bugs-To",
    )
)


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["update"]:
            _update()
        case ["missing"]:
            sys.exit(_tell_missing())
        case ["compile"]:
            compile_all()
        case _:
            sys.exit(__doc__)


def catalogs() -> list[Path]:
    """Return the catalog of each language."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/vmdesk.po"))


def language(catalog: Path) -> str:
    """Return the language of a catalog."""
    return catalog.parents[1].name


def extracted() -> Catalog:
    """Return what users can read, as it is in the code now."""
    template = Catalog(project="vmdesk", charset="utf-8", header_comment=_HEADER.rstrip())
    for file in sorted((ROOT / "vmdesk").rglob("*.py")):
        _extract(file, template)
    _extract(ARGPARSE, template)
    return template


def _extract(file: Path, template: Catalog) -> None:
    found = extract_from_dir(
        file.parent,
        [(file.name, "python")],
        keywords=_KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
        directory_filter=lambda _folder: False,
    )
    place = str(file.relative_to(ROOT))
    for _name, _line, message, comments, context in found:
        template.add(message, None, [(place, 0)], auto_comments=comments, context=context)


def read(path: Path) -> Catalog:
    """Return a catalog, or the template."""
    with path.open("rb") as file:
        return read_po(file, locale=None if path == TEMPLATE else language(path))


def written(catalog: Catalog) -> bytes:
    """Return a catalog as it is kept."""
    file = io.BytesIO()
    write_po(file, catalog, width=100, include_lineno=False, ignore_obsolete=True)
    lines = file.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(_LEFT_OUT))


def _update() -> None:
    template = extracted()
    TEMPLATE.write_bytes(written(template))
    for path in catalogs():
        catalog = read(path)
        catalog.update(template, no_fuzzy_matching=True, update_header_comment=True)
        path.write_bytes(written(catalog))


def missing(catalog: Catalog) -> Iterator[Message]:
    """Yield what has no translation, or one that somebody has to look at."""
    for message in catalog:
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (message.fuzzy or not all(strings)):
            yield message


def _tell_missing() -> int:
    template = extracted()
    number = 0
    for path in catalogs():
        catalog = read(path)
        catalog.update(template, no_fuzzy_matching=True)
        for message in missing(catalog):
            number += 1
            sys.stdout.write(f"{language(path)}: {message.id!r}\n")
    return min(number, 1)


def compile_all() -> None:
    """Compile each catalog that is newer than what was compiled from it."""
    for path in catalogs():
        compiled = path.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime <= path.stat().st_mtime:
            with compiled.open("wb") as file:
                write_mo(file, read(path))


if __name__ == "__main__":
    main()
