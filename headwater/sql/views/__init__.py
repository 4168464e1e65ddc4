"""Statements on views."""
