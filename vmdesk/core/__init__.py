"""What vmdesk does, without a window: libvirt, disk images, downloads and bundles."""
