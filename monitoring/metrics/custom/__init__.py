"""Custom metrics: the user's own columns of the profile and drift tables."""
