"""Feature specs and declared features that a schema keeps by name."""
