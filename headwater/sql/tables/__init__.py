"""Statements on tables."""
