"""Which rule reads a statement: by its leading words."""

from headwater.sql.grammar.rules import rule_for

__all__ = ["rule_for"]
