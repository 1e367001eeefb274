"""What vmdesk does, without a window: libvirt, disk images, downloads and bundles."""

from vmdesk.core import later

later.load_at_first_use(__name__)
