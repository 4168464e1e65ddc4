"""What a Spark worker does with a bucket: matches its label rows with its feature rows, as they are matched in process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.features.joins.matching.arrow_types import comparable
from headwater.features.joins.matching.newest_rows import newest_rows
from headwater.features.joins.matching.packed_rows import unpacked
from headwater.features.joins.matching.take_rows import Gather

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["BucketMatch", "MatchedLookup"]


@dataclass(frozen=True)
class MatchedLookup:
    """A lookup as the workers see it: label columns, and the slots of keys, time and outputs."""

    label_keys: tuple[str, ...]
    label_time: str
    keys: tuple[str, ...]
    time: str
    outputs: tuple[tuple[str, str], ...]
    ordered: tuple[str, ...]
    lookback: int | None


@dataclass(frozen=True)
class BucketMatch:
    """What is done with a bucket; Spark sends it to its workers. `packed`: the schemas of the tables, if they come packed."""

    columns: tuple[tuple[str, str], ...]  # of the label rows, and under which names they travel
    lookups: tuple[MatchedLookup, ...]
    packed: tuple[pa.Schema, ...] = ()

    def matched(self, labels: pa.Table, rows: pa.Table) -> pa.Table:
        """Return a bucket's label rows with all outputs.

        What the worker has loaded is left out of garbage collection from then on: PySpark collects after each task, which takes
        40 ms of the processor for modules that stay.
        """
        import gc

        import numpy as np
        import pyarrow as pa

        if not gc.get_freeze_count():
            gc.freeze()
        columns = {name: labels[slot] for name, slot in self.columns}
        rows = rows if self.packed else rows.combine_chunks()
        if len(self.lookups) == 1 and not self.packed:  # rows of one table do not say which
            return pa.table(columns | _looked_up(labels, rows, None, self.lookups[0]))
        tables = rows["__table"].to_numpy()
        for number, lookup in enumerate(self.lookups):
            at = np.flatnonzero(tables == number)
            if self.packed:
                columns |= _looked_up(labels, unpacked(rows["__rows"].take(at), self.packed[number]), None, lookup)
            else:
                columns |= _looked_up(labels, rows, at, lookup)
        return pa.table(columns)


def _looked_up(
    labels: pa.Table, rows: pa.Table, at: NDArray[np.int64] | None, lookup: MatchedLookup
) -> dict[str, pa.Array]:
    """Return the outputs of a lookup in those of the rows that are its table's; None: all."""
    import numpy as np

    own = {slot: rows[slot] if at is None else rows[slot].take(at) for slot in (*lookup.keys, lookup.time)}
    position = newest_rows(
        [labels[name] for name in lookup.label_keys],
        labels[lookup.label_time],
        [own[slot] for slot in lookup.keys],
        own[lookup.time],
        lookup.lookback,
        _Greatest(rows, at, lookup.ordered),
    )
    taken = Gather(position if at is None or not len(at) else np.where(position < 0, -1, at[position]))
    return {output: taken.of(rows[slot]) for output, slot in lookup.outputs}


@dataclass(frozen=True)
class _Greatest:
    """Which of a table's rows of one key and time counts: the greatest, column by column."""

    rows: pa.Table
    own: NDArray[np.int64] | None
    ordered: tuple[str, ...]

    def __call__(self, tied: NDArray[np.int64]) -> int:
        at = tied if self.own is None else self.own[tied]
        values = [comparable(self.rows[slot].take(at)) for slot in self.ordered]
        return int(tied[max(range(len(tied)), key=lambda i: [column[i] for column in values])])
