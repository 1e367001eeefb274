"""The doctor: what of this computer stands in the way of virtual machines, and how it is mended."""
