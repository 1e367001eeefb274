"""Bring files from web servers: resumed, retried, checked."""

from vmdesk.core import later

later.load_at_first_use(__name__)
