"""Aggregation functions as frozen data: parameters and SQL type rule; what computes them is in windows/aggregates."""
