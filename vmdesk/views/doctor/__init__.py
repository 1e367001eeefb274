"""The page of what stands in the way of virtual machines, and what mends it."""

from vmdesk.core import later

later.load_at_first_use(__name__)
