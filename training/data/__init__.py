"""Rows for single-machine training, and splits of them."""
