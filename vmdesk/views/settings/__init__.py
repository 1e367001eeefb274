"""The dialog for how vmdesk behaves: its pages, and the way to the controller."""
