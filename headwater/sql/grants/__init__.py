"""Statements on grants."""
