"""The description of a machine: its XML, its devices, and how they are changed."""
