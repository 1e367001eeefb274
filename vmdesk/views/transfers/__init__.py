"""The page on which a machine is sent to another connection."""
