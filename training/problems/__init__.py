"""The problems that can be trained for: one file each."""
