"""Bring files from web servers: resumed, retried, checked."""
