"""Widgets only: they show models and emit what the user wants."""
