"""Lookups of one table in this process: which files, which rows, which columns, within a limit of memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater.features.definitions.windows import micros
from headwater.features.joins.matching.newest_rows import AmbiguousRowsError, newest_rows, rows_of_keys
from headwater.features.joins.matching.sorted_search import in_threads
from headwater.features.joins.matching.take_rows import Gather
from headwater.features.specs.spec import LookupStep
from headwater.lakehouse import ArrowTable

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["LocalLookup", "fits", "look_up"]

_MATCHING = 48  # bytes that matching takes per feature row, keys and times included
_BYTES = 16  # of a value in memory, on average
_FEW = 20  # feature rows per label row from which it pays to leave out other keys while reading
_MOST_VALUES = 200_000


@dataclass(frozen=True)
class LocalLookup:
    """A lookup, the columns of its table that are wanted (feature, output), and the table's files."""

    step: LookupStep
    outputs: tuple[tuple[str, str], ...]
    table: ArrowTable


def fits(one: LocalLookup, labels: int, most: int) -> str | None:
    """Return why the lookup takes too much memory, or None if it does not.

    Keys and times of all feature rows are held at once, feature columns a few at a time; of a table with far more rows
    than labels only the rows of the labels' keys, which is counted as a tenth.
    """
    rows = one.table.rows or 0
    held = rows // 10 if _few(labels, rows) else rows
    if held * (_MATCHING + _BYTES) > most:
        return f"{one.step.table} has {rows:,} rows, too many for {most / 2**30:.1f} GiB"
    return None


def look_up(
    labels: pa.Table, lookups: Sequence[LocalLookup], most: int
) -> Iterator[tuple[str, pa.Array | pa.ChunkedArray]]:
    """Return the outputs of lookups in one table, in the label rows' order; what several need is read once.

    Raises
    ------
    AmbiguousRowsError
        Says which table has several rows of one key and time.
    """
    by_time: dict[Any, list[LocalLookup]] = {}
    for one in lookups:
        by_time.setdefault((one.step.time, one.step.lookback), []).append(one)
    for together in by_time.values():
        table = _reached(labels, together[0])
        if not _few(labels.num_rows, table.rows or 0):
            yield from _looked_up(labels, table, {}, together, most)
            continue
        for one in together:
            yield from _looked_up(labels, table, _asked(labels, one.step), [one], most)


def _looked_up(
    labels: pa.Table, table: ArrowTable, among: Mapping[str, pa.Array], lookups: Sequence[LocalLookup], most: int
) -> Iterator[tuple[str, pa.Array | pa.ChunkedArray]]:
    names = [right for one in lookups for _, right in one.step.keys]
    names += [one.step.time[1] for one in lookups if one.step.time]
    narrow = table.read(list(dict.fromkeys(names)), among=among)
    wanted = dict.fromkeys(name for one in lookups for name, _ in one.outputs if name not in names)
    groups = list(_groups(list(wanted), narrow.num_rows, most))
    with ThreadPoolExecutor(1) as beside:
        ahead = None
        if groups and narrow.num_rows * (_MATCHING + _BYTES * (1 + len(groups[0]))) <= most:
            ahead = beside.submit(table.read, groups[0], among=among)  # unpacked while keys and times are matched
        rows = [Gather(_matched(labels, one, narrow)) for one in lookups]
    for group in groups:
        wide = table.read(group, among=among) if ahead is None else ahead.result()
        ahead = None
        for one, found in zip(lookups, rows, strict=True):
            yield from _taken(wide, [pair for pair in one.outputs if pair[0] in group], found)
    for one, found in zip(lookups, rows, strict=True):
        yield from _taken(narrow, [pair for pair in one.outputs if pair[0] in narrow.column_names], found)


def _matched(labels: pa.Table, one: LocalLookup, narrow: pa.Table) -> NDArray[np.int64]:
    step = one.step
    label_keys, feature_keys = [labels[left] for left, _ in step.keys], [narrow[right] for _, right in step.keys]
    try:
        if step.time is None:
            return rows_of_keys(label_keys, feature_keys)
        at, ts = step.time
        lookback = None if step.lookback is None else _age(step.lookback, labels[at].type)
        return newest_rows(label_keys, labels[at], feature_keys, narrow[ts], lookback)
    except AmbiguousRowsError:
        message = f"{step.table} has several rows of one key and time"
        raise AmbiguousRowsError(message) from None


def _reached(labels: pa.Table, one: LocalLookup) -> ArrowTable:
    """Return the files that the labels' times can reach."""
    import pyarrow.compute as pc

    if one.step.time is None:
        return one.table
    at, ts = one.step.time
    ends: Any = pc.min_max(labels[at])
    first, last = ends["min"], ends["max"]
    if not last.is_valid:
        return one.table
    since = {} if one.step.lookback is None else {ts: _before(first, one.step.lookback)}
    return one.table.within(since, {ts: last})


def _asked(labels: pa.Table, step: LookupStep) -> dict[str, pa.Array]:
    """Return the keys of few labels, by which rows are left out as they are read."""
    import pyarrow.compute as pc

    different = {right: pc.unique(labels[left]).drop_null() for left, right in step.keys}
    return {name: values for name, values in different.items() if _hashed(values.type)}


def _hashed(kind: pa.DataType) -> bool:
    import pyarrow.types as t

    return bool(t.is_integer(kind) or t.is_string(kind) or t.is_date32(kind))


def _few(labels: int, rows: int) -> bool:
    return labels * _FEW < rows and labels <= _MOST_VALUES


def _groups(names: Sequence[str], rows: int, most: int) -> Iterator[list[str]]:
    """Return the columns in groups that take a quarter of the memory at most, or stand alone."""
    size = max(1, most // 4 // (_BYTES * max(rows, 1)))
    yield from (list(names[first : first + size]) for first in range(0, len(names), size))


def _before(first: Any, lookback: dt.timedelta) -> Any:
    import pyarrow as pa

    if pa.types.is_date(first.type):
        return pa.scalar(first.as_py() - dt.timedelta(days=lookback.days), first.type)
    return pa.scalar(first.cast(pa.int64()).as_py() - _age(lookback, first.type)).cast(first.type)


def _age(lookback: dt.timedelta, kind: pa.DataType) -> int:
    """Return a lookback in the unit of the times: whole days for dates, else microseconds."""
    import pyarrow as pa

    return lookback.days if pa.types.is_date(kind) else micros(lookback)


def _taken(
    table: pa.Table, outputs: Sequence[tuple[str, str]], rows: Gather
) -> list[tuple[str, pa.Array | pa.ChunkedArray]]:
    """Return the outputs, column by column in threads: it is memory that each waits for."""
    return in_threads(lambda pair: (pair[1], rows.of(table[pair[0]])), outputs)
