"""The dialog for what a machine is made of: its pages, and the way to the controller."""
