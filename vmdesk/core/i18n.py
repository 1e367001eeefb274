"""Translate what a user reads, through gettext."""

import gettext
from pathlib import Path

_LOCALE = Path(__file__).resolve().parents[2] / "resources" / "locale"

_translation = gettext.translation("vmdesk", _LOCALE, fallback=True)

_ = _translation.gettext
ngettext = _translation.ngettext
