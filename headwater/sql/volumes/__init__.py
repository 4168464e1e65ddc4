"""Statements on volumes."""

from headwater.sql.volumes.forms import FORMS

__all__ = ["FORMS"]
