"""Kinds of change of a column, one file each."""
