"""One file that holds a machine: writing it, and reading it from a stranger."""

from vmdesk.core import later

later.load_at_first_use(__name__)
