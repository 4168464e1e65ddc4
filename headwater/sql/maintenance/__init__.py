"""Statements that tidy a table's files up."""

from headwater.sql.maintenance.forms import FORMS

__all__ = ["FORMS"]
