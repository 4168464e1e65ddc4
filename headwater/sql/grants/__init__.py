"""Statements on grants."""

from headwater.sql.grants.forms import FORMS

__all__ = ["FORMS"]
