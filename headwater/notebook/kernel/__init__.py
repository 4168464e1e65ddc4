"""Cells run in one namespace, their outputs recorded."""
