"""Statements on catalogs."""

from headwater.sql.catalogs.forms import FORMS

__all__ = ["FORMS"]
