"""Online stores: published feature rows, looked up by key in microseconds."""
