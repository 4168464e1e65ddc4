"""Matching label rows to feature rows in NumPy and Arrow; Spark's workers run it too."""
