"""Widgets only: they show models and emit what the user wants."""

from vmdesk.core import later

later.load_at_first_use(__name__)
