"""The published clients and their entities."""
