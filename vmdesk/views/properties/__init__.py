"""The dialog for what a machine is made of: its pages, and the way to the controller."""

from vmdesk.core import later

later.load_at_first_use(__name__)
