"""Disk images: what qemu-img does with them, and what their headers say."""
