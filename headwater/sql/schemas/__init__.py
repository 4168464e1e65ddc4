"""Statements on schemas."""
