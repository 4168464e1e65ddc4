"""Requests per second, latency, CPU and memory of endpoints, side by side in one run."""
