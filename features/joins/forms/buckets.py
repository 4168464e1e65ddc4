"""The point-in-time join on Spark's workers, matched in Arrow and NumPy: one shuffle for all tables, no sort of times.

Label rows and feature rows are dealt out into buckets, each a partition of its own, and each bucket's are matched as they are
matched in process. Spark moves flat rows, and no more: a window over the union of both sorts by keys and times and copies each
feature row twice, once more for each table that is looked up.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features.joins.columns import exact_micros, has_order
from headwater.features.joins.matching.arrow_types import comparable
from headwater.features.joins.matching.newest_rows import newest_rows
from headwater.features.joins.matching.take_rows import Gather
from headwater.features.joins.time_slices import HotKeys, Slicing
from headwater.lakehouse import column, quoted

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType

__all__ = ["AsOfLookup", "join_buckets_of_keys", "join_small_tables"]

_PACK = 8 << 20  # bytes of rows in one value
_SENT = (
    __name__,
    "headwater.features.joins.matching.arrow_types",
    "headwater.features.joins.matching.sorted_search",
    "headwater.features.joins.matching.take_rows",
    "headwater.features.joins.matching.key_codes",
    "headwater.features.joins.matching.newest_rows",
)


@dataclass(frozen=True)
class AsOfLookup:
    """Feature rows, pairs of keys and of times (of the label rows, of the features), outputs by feature, and the lookback."""

    features: DataFrame
    keys: tuple[tuple[str, str], ...]
    time: tuple[str, str]
    outputs: Mapping[str, str]
    lookback: dt.timedelta | None = None

    @property
    def columns(self) -> list[tuple[str, DataType]]:
        """Columns of the feature rows in the order they travel: keys, time, features."""
        names = [*(right for _, right in self.keys), self.time[1], *self.outputs]
        return [(name, self.features.schema[name].dataType) for name in names]


def join_buckets_of_keys(
    spine: DataFrame, lookups: Sequence[AsOfLookup], buckets: int, slicing: Slicing | None = None
) -> DataFrame:
    """Return each row of `spine`, once, with what :func:`features.join_as_of` would find for it in each of the tables.

    Parameters
    ----------
    lookups
        All of the same key columns of the spine. All columns go through Arrow unchanged.
    buckets
        Both sides are dealt out by their keys into so many. A bucket is held in memory by one Python worker.
    slicing
        How keys with very many feature rows are dealt out by time as well; None: all of a key is in one bucket.

    Notes
    -----
    Cost: one shuffle of both sides, whatever the number of tables; feature rows of all tables travel in as many columns as
    the widest has of each type. With `slicing` keys and times of the tables are read twice before. Spark measures what it
    sends to workers at every row, a tenth of all, unless ``spark.sql.execution.arrow.maxBytesPerBatch`` is 2147483647, which
    suits rows of less than 200 KB. Lazy; no Spark job.
    """
    from pyspark.sql import functions as F

    _send_by_value()
    slots, places = _slots(lookups)
    right_keys = [[right for _, right in one.keys] for one in lookups]
    hot = None
    if slicing is not None:
        sides = zip(lookups, right_keys, strict=True)
        hot = HotKeys.of([(one.features, keys, one.time[1]) for one, keys in sides], slicing)
    rows = None
    for number, (one, keys) in enumerate(zip(lookups, right_keys, strict=True)):
        held = {place: quoted(name) for (name, _), place in zip(one.columns, places[number], strict=True)}
        known = one.features.where(f"{quoted(one.time[1])} IS NOT NULL")
        known = known if hot is None else hot.cut_features(known, keys, one.time[1], number)
        part = known.selectExpr(
            _bucket(keys if hot is None else [*keys, "__slice"], buckets),
            *([f"{number}S AS __table"] if len(lookups) > 1 else []),
            *[f"{held.get(slot, 'NULL')} AS {slot}" for slot in slots],
        )
        free = {slot: F.col(slot).cast(kind) for slot, kind in slots.items() if slot not in held}
        part = part.withColumns(free) if free else part
        rows = part if rows is None else rows.unionAll(part)
    assert rows is not None
    left_keys = [left for left, _ in lookups[0].keys]
    if hot is None:
        labels = _dealt_out(spine, spine.columns, left_keys, buckets)
    else:
        cut = hot.cut_labels(spine, left_keys, lookups[0].time[0])
        labels = _dealt_out(cut, spine.columns, [*left_keys, "__slice"], buckets)
    return _matched_in_buckets(spine, labels, rows, buckets, lookups, _match(spine, lookups, places))


def join_small_tables(spine: DataFrame, lookups: Sequence[AsOfLookup], buckets: int) -> DataFrame:
    """Return the same, for any keys and times; the feature rows must be few enough to go to every bucket of label rows.

    Notes
    -----
    Cost: one shuffle of the label rows, evenly however their keys are spread. Feature rows are packed into a few large
    values, which go to each bucket: as rows they would each be copied, shuffled and sorted for each. Lazy; no Spark job.
    """
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructField, StructType

    _send_by_value()
    zone = spine.sparkSession.conf.get("spark.sql.session.timeZone")
    rows, places, empty = None, [], []
    for number, one in enumerate(lookups):
        place = [f"__s{i}" for i in range(len(one.columns))]
        known = one.features.where(f"{quoted(one.time[1])} IS NOT NULL")
        flat = known.selectExpr(*[f"{quoted(n)} AS {slot}" for (n, _), slot in zip(one.columns, place, strict=True)])
        part = flat.mapInArrow(_packed, "__rows binary").selectExpr(
            f"explode(sequence(0, {buckets - 1})) AS __bucket", f"{number}S AS __table", "__rows"
        )
        rows = part if rows is None else rows.unionAll(part)
        places.append(place)
        kinds = [StructField(slot, kind) for (_, kind), slot in zip(one.columns, place, strict=True)]
        empty.append(to_arrow_schema(StructType(kinds), timezone=zone))
    assert rows is not None
    used = dict.fromkeys(name for one in lookups for name in (*(left for left, _ in one.keys), one.time[0]))
    labels = _dealt_out(spine, spine.columns, list(used), buckets)
    return _matched_in_buckets(spine, labels, rows, buckets, lookups, _match(spine, lookups, places, tuple(empty)))


def _label_places(names: Sequence[str]) -> dict[str, str]:
    """Return under which names the label columns travel: PySpark's cogroup takes no dots or backticks in them."""
    return {name: f"__l{i}" for i, name in enumerate(names)}


def _dealt_out(frame: DataFrame, names: Sequence[str], dealt_by: Sequence[str], buckets: int) -> DataFrame:
    own = [f"{quoted(name)} AS {place}" for name, place in _label_places(names).items()]
    return frame.selectExpr(*own, _bucket(dealt_by, buckets))


def _matched_in_buckets(
    spine: DataFrame, labels: DataFrame, rows: DataFrame, buckets: int, lookups: Sequence[AsOfLookup], match: _Match
) -> DataFrame:
    from pyspark.sql.types import StructField, StructType

    outputs = [(output, one.features.schema[f].dataType) for one in lookups for f, output in one.outputs.items()]
    schema = StructType([*spine.schema.fields, *[StructField(name, kind) for name, kind in outputs]])

    kinds = lakehouse.arrow_schema(schema)  # in UTC, as Spark wants them back; rows come in the session's zone

    def matched(left: pa.Table, right: pa.Table) -> pa.Table:  # a method would not do: Spark counts its `self`
        return match.matched(left, right).cast(kinds)

    sides = [_each_in_a_partition(side, buckets).groupBy("__bucket") for side in (labels, rows)]
    return sides[0].cogroup(sides[1]).applyInArrow(matched, schema)


def _each_in_a_partition(rows: DataFrame, buckets: int) -> DataFrame:
    """Return the rows with a partition for each bucket, where Spark can do that (4.1 and later).

    By the hash of its number a bucket may share a partition with others while tasks have nothing to do, and Spark would merge
    small partitions.
    """
    by_id = getattr(rows, "repartitionById", None)
    return rows if by_id is None else by_id(buckets, column("__bucket"))


def _send_by_value() -> None:
    """Let Spark send what workers run with the job, so that they need NumPy and PyArrow, and not Headwater."""
    from pyspark.cloudpickle import register_pickle_by_value

    for module in _SENT:
        register_pickle_by_value(sys.modules[module])  # type: ignore[no-untyped-call]


def _bucket(names: Sequence[str], buckets: int) -> str:
    return f"CAST(pmod(xxhash64({', '.join(map(quoted, names))}), {buckets}) AS INT) AS __bucket"


def _packed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Give a task's rows as Arrow streams, each one value."""
    import pyarrow as pa

    held: list[pa.RecordBatch] = []

    def packed() -> pa.RecordBatch:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, held[0].schema) as writer:
            writer.write_table(pa.Table.from_batches(held).combine_chunks())
        return pa.record_batch({"__rows": pa.array([sink.getvalue().to_pybytes()], pa.binary())})

    for batch in batches:
        held.append(batch)
        if sum(one.nbytes for one in held) >= _PACK:
            yield packed()
            held = []
    if held:
        yield packed()


def _slots(lookups: Sequence[AsOfLookup]) -> tuple[dict[str, DataType], list[list[str]]]:
    """Return the columns in which the rows of all tables travel, and for each table the columns of its own in their order."""
    slots: dict[str, DataType] = {}
    places = []
    for one in lookups:
        free = dict(slots)
        own = []
        for _, kind in one.columns:
            spot = next((slot for slot, there in free.items() if there == kind), None) or f"__s{len(slots)}"
            slots[spot] = kind
            free.pop(spot, None)
            own.append(spot)
        places.append(own)
    return slots, places


@dataclass(frozen=True)
class _Matched:
    """A lookup as the workers see it: label columns, and the slots of keys, time and outputs."""

    label_keys: tuple[str, ...]
    label_time: str
    keys: tuple[str, ...]
    time: str
    outputs: tuple[tuple[str, str], ...]
    ordered: tuple[str, ...]
    lookback: int | None


def _match(
    spine: DataFrame, lookups: Sequence[AsOfLookup], places: Sequence[Sequence[str]], packed: tuple[pa.Schema, ...] = ()
) -> _Match:
    own = _label_places(spine.columns)
    matched = tuple(_matched(one, own, place) for one, place in zip(lookups, places, strict=True))
    return _Match(tuple(own.items()), matched, packed)


def _matched(one: AsOfLookup, own: Mapping[str, str], place: Sequence[str]) -> _Matched:
    n = len(one.keys)
    features = one.features.schema
    lookback = None
    if one.lookback is not None:
        is_date = features[one.time[1]].dataType.typeName() == "date"
        lookback = one.lookback.days if is_date else exact_micros(one.lookback)
    return _Matched(
        label_keys=tuple(own[left] for left, _ in one.keys),
        label_time=own[one.time[0]],
        keys=tuple(place[:n]),
        time=place[n],
        outputs=tuple(zip(one.outputs.values(), place[n + 1 :], strict=True)),
        ordered=tuple(
            slot for f, slot in zip(one.outputs, place[n + 1 :], strict=True) if has_order(features[f].dataType)
        ),
        lookback=lookback,
    )


@dataclass(frozen=True)
class _Match:
    """What is done with a bucket; Spark sends it to its workers. `packed`: the schemas of the tables, if they come packed."""

    columns: tuple[tuple[str, str], ...]  # of the label rows, and under which names they travel
    lookups: tuple[_Matched, ...]
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
        found = {name: labels[slot] for name, slot in self.columns}
        rows = rows if self.packed else rows.combine_chunks()
        if len(self.lookups) == 1 and not self.packed:  # rows of one table do not say which
            return pa.table(found | _looked_up(labels, rows, None, self.lookups[0]))
        tables = rows["__table"].to_numpy()
        for number, one in enumerate(self.lookups):
            at = np.flatnonzero(tables == number)
            if self.packed:
                found |= _looked_up(labels, _unpacked(rows["__rows"].take(at), self.packed[number]), None, one)
            else:
                found |= _looked_up(labels, rows, at, one)
        return pa.table(found)


def _unpacked(values: pa.ChunkedArray, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    streams = [pa.ipc.open_stream(value.as_buffer()).read_all() for chunk in values.chunks for value in chunk]
    return pa.concat_tables(streams).combine_chunks() if streams else schema.empty_table()


def _looked_up(labels: pa.Table, rows: pa.Table, at: NDArray[np.int64] | None, one: _Matched) -> dict[str, pa.Array]:
    """Return the outputs of a lookup in those of the rows that are its table's; None: all."""
    import numpy as np

    own = {slot: rows[slot] if at is None else rows[slot].take(at) for slot in (*one.keys, one.time)}
    position = newest_rows(
        [labels[name] for name in one.label_keys],
        labels[one.label_time],
        [own[slot] for slot in one.keys],
        own[one.time],
        one.lookback,
        _Greatest(rows, at, one.ordered),
    )
    taken = Gather(position if at is None or not len(at) else np.where(position < 0, -1, at[position]))
    return {output: taken.of(rows[slot]) for output, slot in one.outputs}


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
