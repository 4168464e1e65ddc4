"""Statements on functions."""

from headwater.sql.functions.forms import FORMS

__all__ = ["FORMS"]
