"""Training sets: from lookups, from declared features, saved and replayed."""
