"""The page on which a machine is sent to another connection."""

from vmdesk.core import later

later.load_at_first_use(__name__)
