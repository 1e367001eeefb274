"""One file that holds a machine: writing it, and reading it from a stranger."""
