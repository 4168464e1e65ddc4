"""Definitions evaluated over intervals into feature tables."""
