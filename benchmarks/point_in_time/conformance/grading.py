"""How a result differs from a case's answer."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.point_in_time.conformance.cases import FEATURES, Case, LongHistory, Values

__all__ = ["Verdict", "grade", "grade_file", "grade_table"]


@dataclass(frozen=True)
class Verdict:
    """What came of one case.

    Attributes
    ----------
    lost, multiplied
        Label rows that did not come out, and rows that came out beyond them.
    other
        Rows with values that no choice among rows of one key and time explains.
    arbitrary
        Rows with another one, whole, of several feature rows of one key and time than the rule's.
    changed
        Rows whose keys, time or other label columns are not the label's.
    said
        Why there is no result.
    """

    lost: int = 0
    multiplied: int = 0
    other: int = 0
    arbitrary: int = 0
    changed: int = 0
    said: str = ""

    @property
    def right(self) -> bool:
        """Whether the result is the answer."""
        return self == Verdict()

    def __str__(self) -> str:
        """Return it in a few words."""
        if self.said:
            return self.said
        facts = {
            "lost": self.lost,
            "multiplied": self.multiplied,
            "with other values": self.other,
            "arbitrary": self.arbitrary,
            "with changed labels": self.changed,
        }
        return ", ".join(f"{count:,} {what}" for what, count in facts.items() if count) or "right"


def grade(case: Case | LongHistory, rows: Iterable[tuple[Any, ...]]) -> Verdict:
    """Return how result rows (id, x, z), in any order, differ from the answer; NaN counts as NULL."""
    found: dict[int, Counter[Values]] = defaultdict(Counter)
    for label, *values in rows:
        found[label][tuple(None if v is None or math.isnan(v) else float(v) for v in values)] += 1
    lost = multiplied = other = arbitrary = 0
    for label in case.answer.keys() | found.keys():
        wanted, got = case.answer.get(label, Counter()), found[label]
        lost += max(0, wanted.total() - got.total())
        multiplied += max(0, got.total() - wanted.total())
        strange = got - wanted
        tied = sum(count for values, count in strange.items() if values in case.tied.get(label, ()))
        # Of rows beyond the labels', only so many are values of their own as stand in the place of right ones.
        places = min(strange.total(), wanted.total() - (got & wanted).total())
        arbitrary += min(tied, places)
        other += max(0, places - tied)
    return Verdict(lost, multiplied, other, arbitrary)


def grade_file(case: Case | LongHistory, result: Path) -> Verdict:
    """Return how the Parquet files of a result differ from the answer, and from the label rows."""
    try:
        return grade_table(case, pq.read_table(result, coerce_int96_timestamp_unit="us"))
    except (OSError, ValueError) as error:
        return Verdict(said=f"its result cannot be read: {error}")


def grade_table(case: Case | LongHistory, table: pa.Table) -> Verdict:
    """Return how a result differs from the answer, and from the label rows; columns that neither has do not matter."""
    own = case.label_table()
    absent = {*own.column_names, *FEATURES} - set(table.column_names)
    if absent:
        return Verdict(said=f"its result has no column {min(absent)}")
    columns = [table[name].to_pylist() for name in ("id", *FEATURES)]
    verdict = grade(case, zip(*columns, strict=True))
    labels = dict(zip(own["id"].to_pylist(), _own(own, own.column_names), strict=True))
    pairs = zip(table["id"].to_pylist(), _own(table, own.column_names), strict=True)
    return replace(verdict, changed=sum(labels.get(label) != row for label, row in pairs))


def _own(table: pa.Table, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return the label columns of all rows, times as microseconds since 1970 UTC."""
    columns = [table[name] for name in names]
    times = [c.cast(pa.timestamp("us", c.type.tz)) if pa.types.is_timestamp(c.type) else c for c in columns]
    lists = [(c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c).to_pylist() for c in times]
    return list(zip(*lists, strict=True))
