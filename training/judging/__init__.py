"""Metrics, bootstrap, importance, plots, and the gate that decides."""
