"""The doctor: what of this computer stands in the way of virtual machines, and how it is mended."""

from vmdesk.core import later

later.load_at_first_use(__name__)
