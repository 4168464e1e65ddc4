"""Feature tables: declared, written, checked, streamed to."""
