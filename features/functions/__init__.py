"""Python functions of the catalog, bound to columns."""
