"""The forms of ALTER TABLE: one file each."""

from __future__ import annotations

from headwater.sql.alter_table import drop_constraint, foreign_key, key_columns, primary_key, rename, set_not_null

__all__ = ["FORMS"]

FORMS = (
    *drop_constraint.FORMS,
    *foreign_key.FORMS,
    *key_columns.FORMS,
    *primary_key.FORMS,
    *rename.FORMS,
    *set_not_null.FORMS,
)
