"""Statements on volumes."""
