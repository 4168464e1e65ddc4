"""What a feature is: sources, windows, aggregations, lookups, groups. Frozen data."""
