"""How statements that tidy up are written."""

from __future__ import annotations

from headwater.sql.cursor import Cursor, NotOursError
from headwater.sql.maintenance.statements import Vacuum

__all__ = ["vacuum"]


def vacuum(cursor: Cursor) -> Vacuum:
    """Read ``VACUUM t [FULL | LITE] [RETAIN n HOURS] [DRY RUN]``, ``t`` a name or ``delta.`path` ``; other forms are Spark's."""
    token = cursor.peek()
    name = ("delta", cursor.string()) if token is not None and token.kind == "STRING" else cursor.name()
    hours, dry_run = None, False
    while not cursor.take(";") and cursor.peek() is not None:
        if cursor.take("RETAIN"):
            hours = _number(cursor.next().value)
            cursor.need("HOURS")
        elif cursor.take("DRY", "RUN"):
            dry_run = True
        elif not cursor.take_any("FULL", "LITE"):
            raise NotOursError
    cursor.finish()
    return Vacuum(name, cursor.text, hours, dry_run)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise NotOursError from None
