"""The pages for an export and an import."""

from vmdesk.core import later

later.load_at_first_use(__name__)
