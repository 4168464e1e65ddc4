"""Names and texts as SQL takes them, whatever characters they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import Column

__all__ = ["column", "literal", "quoted"]


def quoted(name: str) -> str:
    """Return a name in backticks.

    Examples
    --------
    >>> quoted("unit `price`, in $")
    '`unit ``price``, in $`'
    """
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    r"""Return a text in quotes.

    Examples
    --------
    >>> print(literal("it's C:\\"))
    'it\'s C:\\'
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def column(name: str) -> Column:
    """Return the column of this name, dots, blanks and backticks in it included."""
    from pyspark.sql import functions as F

    return F.col(quoted(name))
