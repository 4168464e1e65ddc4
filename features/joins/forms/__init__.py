"""Forms of the point-in-time join: one file each."""
