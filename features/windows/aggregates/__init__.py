"""What computes aggregation functions over windows: a class for each function."""
