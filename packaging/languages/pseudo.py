"""Make a language that nobody speaks: all text half as long again, to see whether it finds room."""

import re
from pathlib import Path

import catalogs
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

NAME = "eo"
"""A language that gettext and Qt know, and vmdesk does not."""
_FIXED = re.compile(r"{\w*}|%\(\w+\)[a-z]|%[a-z]|\(\*[^)]*\)|&.|[\"\n]")
_ACCENTS = str.maketrans("aeiouAEIOU", "àéîõüÀÉÎÕÜ")
_PADDING = "lorem ipsum dolor sit amet "


def make(folder: Path) -> None:
    """Leave the compiled catalog below ``folder``, as in resources/locale."""
    pseudo = Catalog(locale=NAME, charset="utf-8", fuzzy=False)
    for message in catalogs.extracted():
        if isinstance(message.id, str):
            string: str | tuple[str, ...] = _lengthened(message.id)
        else:
            string = tuple(_lengthened(text) for text in message.id)
        if message.id:
            pseudo.add(message.id, string, context=message.context)
    place = folder / NAME / "LC_MESSAGES/vmdesk.mo"
    place.parent.mkdir(parents=True)
    with place.open("wb") as file:
        write_mo(file, pseudo)


def _lengthened(text: str) -> str:
    fixed = _FIXED.findall(text)
    parts = [part.translate(_ACCENTS) for part in _FIXED.split(text)]
    accented = "".join(part + kept for part, kept in zip(parts, [*fixed, ""], strict=True))
    letters = len(text.strip())
    more = (_PADDING * (letters // len(_PADDING) + 1))[: letters // 2].strip()
    return f"{accented} {more}" if more and not text.endswith((" ", "\n")) else accented
