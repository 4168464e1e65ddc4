"""What is done to Delta tables: create, read, merge, overwrite, look at their metadata."""
