"""Notebooks read from files into cells."""
