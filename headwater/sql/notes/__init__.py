"""Statements on tags, owners and comments."""
