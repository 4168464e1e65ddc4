"""Point-in-time joins, ours and others', on the same data."""
