"""The subjects that statements are about. Importing this makes :func:`headwater.sql.call.execute` know all statements."""

from headwater.sql.alter_table import verbs as alter_table
from headwater.sql.catalogs import verbs as catalogs
from headwater.sql.functions import verbs as functions
from headwater.sql.grants import verbs as grants
from headwater.sql.notes import verbs as notes
from headwater.sql.schemas import verbs as schemas
from headwater.sql.tables import create as create_table
from headwater.sql.tables import verbs as tables
from headwater.sql.views import verbs as views
from headwater.sql.volumes import verbs as volumes

__all__ = [
    "alter_table",
    "catalogs",
    "create_table",
    "functions",
    "grants",
    "notes",
    "schemas",
    "tables",
    "views",
    "volumes",
]
