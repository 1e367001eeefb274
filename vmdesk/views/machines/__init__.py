"""The list of machines, and the selected one in full."""
