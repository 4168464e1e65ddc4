"""What is known of both sides of a join before it runs, without a Spark job: by this a form is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.matching.arrow_types import is_key, strange_column

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["BUCKET", "BUCKETS_PER_TASK", "MIB", "Sides", "size_of", "unfit_for_arrow"]

MIB = 2**20
BUCKET = 32 * MIB
BUCKETS_PER_TASK = 3  # at most for this: that tasks end about together
_MOST = 48 * MIB  # in a bucket, of what Spark expects, as stored: some 150 MiB in a Python worker
_WORTH_A_BUCKET = 24 * MIB  # a bucket more for each task costs a tenth of a second
_LEAST = 4 * MIB


@dataclass(frozen=True)
class Sides:
    """Label rows and feature tables of a join.

    Attributes
    ----------
    labels
        Bytes that Spark expects of the label rows; None: unknown.
    tables
        Bytes that Spark expects of each table's columns that are needed; None: unknown.
    columns
        How many features are needed of the widest table.
    tasks
        How many tasks the session runs at once.
    is_repeatable
        Whether the label rows' keys and times are the same each time they are evaluated; else they are evaluated once.
    has_time
        Whether the tables have a time column.
    unfit_for_arrow
        Why rows cannot be matched in Arrow; None: they can.
    """

    labels: int | None
    tables: Sequence[int | None]
    columns: int = 1
    tasks: int = 4
    is_repeatable: bool = True
    has_time: bool = True
    unfit_for_arrow: str | None = None

    @property
    def features(self) -> int | None:
        """Bytes of all tables; None if one is unknown."""
        sizes = [size for size in self.tables if size is not None]
        return sum(sizes) if len(sizes) == len(self.tables) else None

    @property
    def smallest_table(self) -> int:
        """Bytes of the smallest table; an unknown size counts as 0."""
        return min(size or 0 for size in self.tables)

    def buckets_for(self, size: int) -> int:
        """Return into how many buckets so many bytes are dealt out.

        Buckets hold some 48 MiB at most as Spark stores rows, and are as many for each task: one where there is little, else two
        or three, so that tasks end about together.
        """
        if size < self.tasks * _LEAST:
            return max(1, size // _LEAST)
        for_balance = min(BUCKETS_PER_TASK, max(1, size // (self.tasks * _WORTH_A_BUCKET)))
        return self.tasks * max(for_balance, -(-size // (self.tasks * _MOST)))


def size_of(frame: DataFrame, *, is_scan: bool = False) -> int | None:
    """Return the bytes that Spark expects of a DataFrame: of files their size, by the share of the columns; no Spark job.

    Parameters
    ----------
    is_scan
        It is columns of a table: then the plan need not be optimised, for which Delta lists the files in a small job.
    """
    plan: Any = getattr(frame, "_jdf", None)
    if plan is None:  # Spark Connect
        return None
    execution = plan.queryExecution()
    size = int((execution.analyzed() if is_scan else execution.optimizedPlan()).stats().sizeInBytes())
    return size if size < 2**50 else None  # what has no size counts as larger than anything


def unfit_for_arrow(labels: DataFrame, lookups: Sequence[TableLookup]) -> str | None:
    """Return why rows cannot be matched in Arrow, or None if they can."""
    for frame, side in ((labels, "the label rows"), *((lookup.features, "a feature table") for lookup in lookups)):
        strange = strange_column(frame.schema)
        if strange is not None:
            return f"the column {strange!r} of {side} is {frame.schema[strange].dataType.simpleString()}"
    kinds = {key: labels.schema[key].dataType for lookup in lookups for key in lookup.label_keys}
    wrong = [key for key, kind in kinds.items() if not is_key(kind)]
    return f"the key {wrong[0]!r} is {kinds[wrong[0]].simpleString()}" if wrong else None
