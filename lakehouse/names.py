"""Names of three levels: ``catalog.schema.table``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from headwater.lakehouse.errors import InvalidNameError
from headwater.lakehouse.sql_text import quoted

__all__ = ["TableName"]

_PART = re.compile(r"`((?:[^`]|``)+)`|([^`.\s]+)")


@dataclass(frozen=True, order=True)
class TableName:
    """A full table name; also used for schemas' other things (functions, models).

    Examples
    --------
    >>> str(TableName.parse("t", catalog="main", schema="ml"))
    'main.ml.t'
    >>> TableName.parse("a.`odd name`", catalog="main", schema="ml").quoted
    '`main`.`a`.`odd name`'
    """

    catalog: str
    schema: str
    table: str

    @classmethod
    def parse(cls, name: str, *, catalog: str, schema: str) -> TableName:
        """Return the name with missing levels completed; levels may stand in backticks.

        Raises
        ------
        InvalidNameError
            If there are not one to three levels, or one is empty.
        """
        parts: list[str] = []
        at = 0
        while at < len(name):
            match = _PART.match(name, at)
            if match is None:
                break
            parts.append(match[1].replace("``", "`") if match[1] else match[2])
            at = match.end()
            if at < len(name):
                if name[at] != "." or at + 1 == len(name):
                    at = -1
                    break
                at += 1
        if at != len(name) or not 1 <= len(parts) <= 3:
            raise InvalidNameError("table name", name, "table, schema.table or catalog.schema.table")
        return cls(*([catalog, schema][: 3 - len(parts)] + parts))

    def __str__(self) -> str:
        return f"{self.catalog}.{self.schema}.{self.table}"

    @property
    def quoted(self) -> str:
        """The name as SQL takes it."""
        return f"{self.quoted_schema}.{quoted(self.table)}"

    @property
    def quoted_schema(self) -> str:
        """Its schema's name, with the catalog, as SQL takes it."""
        return f"{quoted(self.catalog)}.{quoted(self.schema)}"
