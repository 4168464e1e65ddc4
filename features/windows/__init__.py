"""Windowed aggregations at the times of labels, and at the times at which they change."""
