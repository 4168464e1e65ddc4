"""Views: Spark makes them, we keep what has become of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.sql.call import Call
from headwater.sql.securables import keep_view
from headwater.sql.views.statements import ChangeView

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["change_view"]


def change_view(statement: ChangeView, call: Call) -> DataFrame:
    """Let Spark change a view; keep what has become of it."""
    names = [call.full(name) for name in (statement.name, statement.replaces) if name]
    for full in names[0 if statement.creates else 1 :]:
        lakehouse.check_new_name(call.spark, "view", full.schema, full.table)
    changed = call.given(statement.text)
    for full in names:
        keep_view(call, full)
    return changed
