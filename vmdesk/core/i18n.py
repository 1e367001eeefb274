"""Translate what a user reads, through gettext."""

import gettext

from vmdesk.core import resources

_translation = gettext.translation("vmdesk", resources.folder("locale"), fallback=True)

_ = _translation.gettext
ngettext = _translation.ngettext
