"""Statements on tags, owners and comments."""

from headwater.sql.notes.forms import FORMS

__all__ = ["FORMS"]
