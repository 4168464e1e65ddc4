"""Feature specs: what a model needs, and where it comes from. Frozen data."""
