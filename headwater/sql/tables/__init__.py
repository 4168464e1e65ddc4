"""Statements on tables."""

from headwater.sql.tables.forms import FORMS

__all__ = ["FORMS"]
