"""Scores: batch scoring with feature lookup, and the inference table."""
