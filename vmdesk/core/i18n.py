"""Translate what a user reads, through gettext."""

import gettext
import os
from itertools import takewhile

from vmdesk.core import resources

_DOMAIN = "vmdesk"
_FOLDER = resources.folder("locale")


def _languages() -> list[str]:
    """Return the languages that the user likes better than English, best first."""
    if os.environ.get("LC_ALL") in ("C", "POSIX"):
        # Who asks for this reads the words with a program. gettext itself would heed LANGUAGE.
        return []
    variables = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    wanted = next((value for name in variables if (value := os.environ.get(name))), "")
    return list(takewhile(lambda one: not one.startswith(("en", "C")), wanted.split(":")))


_translation = gettext.translation(_DOMAIN, _FOLDER, _languages(), fallback=True)

language = _translation.info().get("language", "en")
"""The language of what ``_`` returns."""

if language != "en":
    # argparse takes its own words from here.
    gettext.bindtextdomain(_DOMAIN, _FOLDER)
    gettext.textdomain(_DOMAIN)

_ = _translation.gettext
ngettext = _translation.ngettext
pgettext = _translation.pgettext
