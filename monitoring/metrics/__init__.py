"""Profile, drift and quality metrics, derived from states."""
