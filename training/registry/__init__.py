"""Tracking, packaging and the model registry."""
