"""The description of a machine: its XML, its devices, and how they are changed."""

from vmdesk.core import later

later.load_at_first_use(__name__)
