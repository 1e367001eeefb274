"""What the window shows, as Qt item models."""
