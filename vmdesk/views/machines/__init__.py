"""The list of machines, and the selected one in full."""

from vmdesk.core import later

later.load_at_first_use(__name__)
