"""Disk images: what qemu-img does with them, and what their headers say."""

from vmdesk.core import later

later.load_at_first_use(__name__)
