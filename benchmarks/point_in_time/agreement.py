"""Whether all contestants give the same rows: each result against an answer worked out here, value by value."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["Answer", "disagreement"]


class Answer:
    """The right rows of a shape, for comparison: the positions are found in NumPy, by one sort per table."""

    def __init__(self, data: Path) -> None:
        spec = json.loads((data / "spec.json").read_text())
        labels = pq.read_table(data / "labels")
        self.count = labels.num_rows
        self.columns = [name for table in spec["tables"] for name in table["features"]]
        self._found = {}
        for table in spec["tables"]:
            (left, right), (at, ts) = table["keys"][0], table["time"]
            rows = pq.read_table(data / table["name"])
            key, when = rows[right].to_numpy(), rows[ts].cast(pa.int64()).to_numpy()
            order = np.lexsort((when, key))
            asked, moments = labels[left].to_numpy(), labels[at].cast(pa.int64()).to_numpy()
            # Key and time as one number: exact, as both are small here.
            base = int(min(when.min(), moments.min()))
            width = int(max(when.max(), moments.max())) - base + 1
            place = key[order] * width + (when[order] - base)
            spot = np.searchsorted(place, asked * width + (moments - base), "right") - 1
            there = (spot >= 0) & (key[order[np.maximum(spot, 0)]] == asked)
            position = order[np.maximum(spot, 0)]
            if table["lookback"] is not None:
                there &= moments - when[position] <= table["lookback"]
            for name in table["features"]:
                values = rows[name].to_numpy().astype(float)
                self._found[name] = np.where(there, values[position], np.nan)

    def column(self, name: str) -> np.ndarray:
        """Return a feature column in the order of the labels' ids."""
        return self._found[name]


def disagreement(answer: Answer, result: Path) -> str:
    """Return how a result differs from the answer, or nothing if every label row is there once with the right values."""
    rows = pq.read_table(result, columns=["id", *answer.columns])
    ids = rows["id"].to_numpy()
    counts = np.bincount(ids, minlength=answer.count)
    lost, doubled = int((counts == 0).sum()), int((counts > 1).sum())
    if lost or doubled:
        return f"{lost:,} rows lost, {doubled:,} multiplied"
    place = np.empty(answer.count, dtype=np.int64)
    place[ids] = np.arange(answer.count)
    wrong = np.zeros(answer.count, dtype=bool)
    for name in answer.columns:
        values = rows[name].to_numpy().astype(float)[place]
        wanted = answer.column(name)
        wrong |= ~((values == wanted) | (np.isnan(values) & np.isnan(wanted)))
    return f"{int(wrong.sum()):,} rows with other values" if wrong.any() else ""
