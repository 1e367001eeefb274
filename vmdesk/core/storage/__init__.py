"""Where images live that this user can't open: volumes of libvirt's storage pools."""

from vmdesk.core import later

later.load_at_first_use(__name__)
