"""vmdeskctl: what the window does, from a terminal."""
