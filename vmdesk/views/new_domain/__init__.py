"""The page on which a new machine is described."""

from vmdesk.core import later

later.load_at_first_use(__name__)
