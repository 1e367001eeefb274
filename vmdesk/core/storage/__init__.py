"""Where images live that this user can't open: volumes of libvirt's storage pools."""
