"""The page of what stands in the way of virtual machines, and what mends it."""
