"""Statements on functions."""
