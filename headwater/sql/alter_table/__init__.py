"""ALTER TABLE: what Delta cannot do of it."""

from headwater.sql.alter_table.forms import FORMS

__all__ = ["FORMS"]
