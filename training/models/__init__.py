"""Model families, baselines and search spaces."""
