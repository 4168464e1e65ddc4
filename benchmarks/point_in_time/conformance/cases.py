"""The cases, as frozen data: label rows, feature rows, and the right answer by brute force in plain Python.

The tests hold all of our forms to them, and ``python -m benchmarks.point_in_time.conformance`` the peers. Those with names are in
:mod:`benchmarks.point_in_time.conformance.named`; nothing is drawn by chance.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

__all__ = ["FEATURES", "Answer", "Case", "LongHistory", "as_of"]

UTC_TIME = pa.timestamp("us", "UTC")
FEATURES = ("x", "z")
Values = tuple[float | None, ...]
Answer = dict[int, Counter[Values]]  # what may come out for a label's id, and how often


@dataclass(frozen=True)
class Case:
    """Label rows (id, keys…, time) and feature rows (keys…, time, x, z) with what is asked of the join.

    Attributes
    ----------
    sentence
        What the case is about.
    lookback
        Oldest age, inclusive.
    time_zone
        Of the session in which the join runs. All times are UTC.
    alone
        Whether other cases in the same tables would spoil it: it is about the shape of all rows.
    """

    name: str
    sentence: str
    labels: tuple[tuple, ...]
    features: tuple[tuple, ...]
    width: int = 1
    lookback: dt.timedelta | None = None
    time_zone: str = "UTC"
    alone: bool = False

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Names of the key columns, of labels and of features."""
        return [(f"k{i}", f"key{i}") for i in range(self.width)]

    def label_table(self) -> pa.Table:
        """Return the label rows."""
        kinds = [pa.int64(), *[pa.string()] * self.width, UTC_TIME]
        return _table(["id", *[left for left, _ in self.keys], "at"], kinds, self.labels).append_column(
            "y", pa.array([row[0] % 2 for row in self.labels], pa.int32())
        )

    def feature_table(self) -> pa.Table:
        """Return the feature rows."""
        kinds = [*[pa.string()] * self.width, UTC_TIME, *[pa.float64()] * len(FEATURES)]
        return _table([*[right for _, right in self.keys], "ts", *FEATURES], kinds, self.features)

    @cached_property
    def answer(self) -> Answer:
        """What is right, by the rule for ties."""
        found: Answer = {}
        for label in self.labels:
            rows = as_of(label, self.features, self.lookback)
            found.setdefault(label[0], Counter())[rows[0]] += 1
        return found

    @cached_property
    def tied(self) -> dict[int, set[Values]]:
        """For each label's id the rows that an arbitrary choice among rows of one key and time may give."""
        return {label[0]: set(as_of(label, self.features, self.lookback)) for label in self.labels}

    @property
    def has_ties(self) -> bool:
        """Whether two feature rows have one key and time."""
        places = [row[: self.width + 1] for row in self.features]
        return len(set(places)) < len(places)


@dataclass(frozen=True)
class LongHistory:
    """One key with a long history beside a few short ones; the answer is known by arithmetic, as row i lies at i steps.

    Rows are not in the order of time. Label rows lie on a row's time, a microsecond before it, and anywhere.
    """

    rows: int
    count: int
    name: str = "long_history"
    time_zone: str = "UTC"
    lookback: None = None
    alone: bool = True
    width: int = 1
    has_ties: bool = False

    _step = 1_234_567
    _first = 1_600_000_000_000_000

    @property
    def sentence(self) -> str:
        return f"A history of {self.rows:,} rows of one key, and {self.count:,} labels in it"

    keys = Case.keys

    def feature_table(self) -> pa.Table:
        """Return the rows; each seventh lacks x, and each thousandth is of another key."""
        order = [i * 7_654_321 % self.rows for i in range(self.rows)]  # a prime: each row once
        assert self.rows % 7_654_321
        return pa.table(
            {
                "key0": pa.array([self._key(i) for i in order]),
                "ts": pa.array([self._first + i * self._step for i in order], pa.int64()).cast(UTC_TIME),
                "x": pa.array([self._values(i)[0] for i in order], pa.float64()),
                "z": pa.array([float(i) for i in order]),
            }
        )

    def label_table(self) -> pa.Table:
        """Return the label rows, all of the long key."""
        ids = range(self.count)
        return pa.table(
            {
                "id": pa.array(ids, pa.int64()),
                "k0": pa.array(["hot"] * self.count),
                "at": pa.array([self._time(i) for i in ids], pa.int64()).cast(UTC_TIME),
                "y": pa.array([i % 2 for i in ids], pa.int32()),
            }
        )

    @cached_property
    def answer(self) -> Answer:
        found: Answer = {}
        for label in range(self.count):
            row = min((self._time(label) - self._first) // self._step, self.rows - 1)
            if row >= 0 and self._key(row) != "hot":
                row -= 1
            found[label] = Counter([self._values(row) if row >= 0 else (None,) * len(FEATURES)])
        return found

    @cached_property
    def tied(self) -> dict[int, set[Values]]:
        return {label: set(values) for label, values in self.answer.items()}

    def _time(self, label: int) -> int:
        row = label * (self.rows + 7) // self.count - 3  # from before the first row to after the last
        return self._first + row * self._step + (0, -1, self._step // 2)[label % 3]

    @staticmethod
    def _key(row: int) -> str:
        return f"cold {row % 9_000}" if row % 1_000 == 999 else "hot"

    @staticmethod
    def _values(row: int) -> Values:
        return (None if row % 7 == 0 else row / 2, float(row))


def as_of(label: tuple, features: tuple[tuple, ...], lookback: dt.timedelta | None) -> list[Values]:
    """Return the values of all rows that the label may get, the one that it must get first; NULLs where there is none."""
    _, *keys, time = label
    n = len(keys)
    nothing: list[Values] = [(None,) * len(FEATURES)]
    if time is None or None in keys:
        return nothing
    known = [
        row
        for row in features
        if row[:n] == tuple(keys)
        and row[n] is not None
        and row[n] <= time
        and (lookback is None or time - row[n] <= lookback)
    ]
    newest = max((row[n] for row in known), default=None)
    rows = [row[n + 1 :] for row in known if row[n] == newest]
    return sorted(rows, key=lambda values: [(v is not None, v) for v in values], reverse=True) or nothing


def _table(names: list[str], kinds: list[pa.DataType], rows: tuple[tuple, ...]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({name: pa.array(c, kind) for name, kind, c in zip(names, kinds, columns, strict=True)})
