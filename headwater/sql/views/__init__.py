"""Statements on views."""

from headwater.sql.views.forms import FORMS

__all__ = ["FORMS"]
