"""Executed notebooks written to files."""
