"""The schemas of the monitoring tables."""
