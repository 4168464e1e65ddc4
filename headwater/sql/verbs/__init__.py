"""What each statement does. Importing this makes :func:`headwater.sql.call.execute` know all of them."""

from headwater.sql.verbs import catalogs, constraints, create_table, functions, grants, notes, schemas, tables, volumes

__all__ = ["catalogs", "constraints", "create_table", "functions", "grants", "notes", "schemas", "tables", "volumes"]
