"""Statements on schemas."""

from headwater.sql.schemas.forms import FORMS

__all__ = ["FORMS"]
