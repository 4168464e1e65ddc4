"""The shapes of data that the joins are measured on, and their generation: the same bytes for every contestant."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["SHAPES", "Shape", "Table", "generate"]

_START = 1_704_067_200_000_000  # 2024-01-01 in microseconds
_DAY = 86_400_000_000
_CHUNK = 5_000_000
_UTC = pa.timestamp("us", "UTC")


@dataclass(frozen=True)
class Table:
    """Feature rows: at a fixed interval for each key if `every_minutes` is given, else at random times, unique per key."""

    name: str
    rows: int
    keys: int
    features: int
    label_key: str = "k"
    every_minutes: int = 0
    hot_share: float = 0.0
    lookback_days: int | None = None


@dataclass(frozen=True)
class Shape:
    """Label rows and the tables that are joined to them.

    Attributes
    ----------
    recent
        The share of the time that labels lie in, at its end.
    sinks
        Where the result goes: "pandas", or "parquet" files.
    heavy
        Runs only when it is asked for by name.
    only
        Contestants that can take it; empty for all.
    """

    name: str
    title: str
    labels: int
    tables: tuple[Table, ...]
    days: int = 90
    hot_share: float = 0.0
    recent: float = 1.0
    sinks: tuple[str, ...] = ("parquet",)
    heavy: bool = False
    only: tuple[str, ...] = ()

    def scaled(self, factor: float) -> Shape:
        """Return the shape with so many times the rows; keys and columns stay."""
        tables = tuple(
            Table(**(asdict(t) | {"rows": max(t.keys, int(t.rows * factor))})) if not t.every_minutes else t
            for t in self.tables
        )
        changed = {"labels": max(100, int(self.labels * factor)), "tables": tables}
        return Shape(**({f: getattr(self, f) for f in self.__dataclass_fields__} | changed))


def _taxi(millions: int, *, heavy: bool) -> Shape:
    return Shape(
        f"taxi_{millions}m",
        f"Taxi trips, {millions} M: two groups of 15 and 30 minutes over 263 zones, 4 features",
        millions * 1_000_000,
        (
            Table("pickup", 0, 263, 2, "pickup_zone", every_minutes=15),
            Table("dropoff", 0, 263, 2, "dropoff_zone", every_minutes=30),
        ),
        days=31,
        sinks=("pandas", "parquet"),
        heavy=heavy,
    )


def _growing(name: str, millions: int) -> Shape:
    """Return one of the shapes that differ by their size alone: a hundredth as many labels, and keys."""
    return Shape(
        name,
        f"{millions * 10_000:,} labels × {millions} M rows × 2 features, in 4 GiB",
        millions * 10_000,
        (Table("t0", millions * 1_000_000, millions * 10_000, 2),),
        heavy=True,
        only=("ours, Spark forms",),
    )


_GROWTH = {"one_million": 1, "ten_million": 10, "hundred_million": 100}
_FIVE = tuple(Table(f"t{i}", 1_000_000, 10_000, 10) for i in range(5))
SHAPES = {
    shape.name: shape
    for shape in (
        _taxi(1, heavy=False),
        _taxi(2, heavy=True),
        _taxi(5, heavy=True),
        _taxi(10, heavy=False),
        Shape("medium", "100,000 labels × 1 M rows × 10 features", 100_000, (Table("t0", 1_000_000, 10_000, 10),)),
        Shape("small_spine", "1,000 labels × 10 M rows × 10 features", 1_000, (Table("t0", 10_000_000, 100_000, 10),)),
        Shape("large", "1 M labels × 10 M rows × 10 features", 1_000_000, (Table("t0", 10_000_000, 100_000, 10),)),
        Shape(
            "recent",
            "100,000 labels of the last tenth of the time × 10 M rows × 10 features",
            100_000,
            (Table("t0", 10_000_000, 100_000, 10),),
            recent=0.1,
        ),
        Shape("five_tables", "100,000 labels × five tables of 1 M rows × 10 features", 100_000, _FIVE),
        Shape("wide", "100,000 labels × 1 M rows × 200 features", 100_000, (Table("t0", 1_000_000, 10_000, 200),)),
        Shape(
            "skew",
            "1 M labels × 1 M rows × 10 features, one key with 30 % of both",
            1_000_000,
            (Table("t0", 1_000_000, 10_000, 10, hot_share=0.3),),
            hot_share=0.3,
        ),
        Shape(
            "lookback",
            "100,000 labels × 1 M rows × 10 features, one day of lookback",
            100_000,
            (Table("t0", 1_000_000, 10_000, 10, lookback_days=1),),
        ),
        *(_growing(name, millions) for name, millions in _GROWTH.items()),
    )
}


def generate(shape: Shape, folder: Path) -> None:
    """Write the shape's Parquet files and `spec.json` into a folder; does nothing if these very ones are there."""
    spec = json.dumps(_spec(shape))
    if (folder / "spec.json").exists() and (folder / "spec.json").read_text() == spec:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    dice = np.random.default_rng(20240101)
    _write(folder / "labels", _labels(shape, dice))
    for table in shape.tables:
        _write(folder / table.name, _features(table, shape, dice))
    (folder / "spec.json").write_text(spec)


def _spec(shape: Shape) -> dict[str, Any]:
    """Return what a contestant is told: a lookback is in microseconds, None for none."""
    return {
        "name": shape.name,
        "labels": shape.labels,
        "tables": [
            {
                "name": table.name,
                "keys": [[table.label_key, f"{table.name}_key"]],
                "time": ["at", f"{table.name}_ts"],
                "lookback": None if table.lookback_days is None else table.lookback_days * _DAY,
                "features": [f"{table.name}_f{i}" for i in range(table.features)],
            }
            for table in shape.tables
        ],
    }


def _labels(shape: Shape, dice: np.random.Generator) -> Iterator[pa.Table]:
    """Labels over the time, or the last of it, and a day beyond; 1 % with a key that no table knows."""
    most = {table.label_key: table.keys for table in shape.tables}
    for first in range(0, shape.labels, _CHUNK):
        count = min(_CHUNK, shape.labels - first)
        columns: dict[str, pa.Array] = {"id": pa.array(np.arange(first, first + count))}
        for name, keys in most.items():
            drawn = dice.integers(0, max(keys + 1, keys * 101 // 100), count)
            if shape.hot_share:
                drawn[dice.random(count) < shape.hot_share] = 0
            columns[name] = pa.array(drawn)
        span = shape.days * _DAY
        at = _START + dice.integers(round(span * (1 - shape.recent)), span + _DAY, count)
        whole = dice.random(count) < 0.05
        at[whole] -= (at[whole] - _START) % (15 * 60_000_000)
        columns["at"] = pa.array(at).cast(_UTC)
        columns["amount"] = pa.array(dice.random(count))
        columns["y"] = pa.array(dice.integers(0, 2, count).astype(np.int32))
        yield pa.table(columns)


def _features(table: Table, shape: Shape, dice: np.random.Generator) -> Iterator[pa.Table]:
    if table.every_minutes:
        step = table.every_minutes * 60_000_000
        at = np.arange(_START, _START + shape.days * _DAY, step)
        yield _rows(table, np.tile(np.arange(table.keys), len(at)), np.repeat(at, table.keys), dice)
        return
    if table.hot_share:
        hot = int(table.rows * table.hot_share)
        key = np.concatenate([np.zeros(hot, np.int64), np.arange(table.rows - hot) % (table.keys - 1) + 1])
    else:
        key = np.arange(table.rows) % table.keys
    slot = (
        np.concatenate([np.arange(hot), np.arange(table.rows - hot) // (table.keys - 1)])
        if table.hot_share
        else (np.arange(table.rows) // table.keys)
    )
    count = np.maximum(np.bincount(key, minlength=table.keys), 1)
    width = np.maximum(shape.days * _DAY // count, 1)
    order = dice.permutation(table.rows) if table.rows <= _CHUNK * 4 else np.arange(table.rows)
    for first in range(0, table.rows, _CHUNK):
        part = order[first : first + _CHUNK]
        wide = width[key[part]]
        yield _rows(table, key[part], _START + slot[part] * wide + dice.integers(0, wide), dice)


def _rows(table: Table, key: np.ndarray, at: np.ndarray, dice: np.random.Generator) -> pa.Table:
    columns = {f"{table.name}_key": pa.array(key), f"{table.name}_ts": pa.array(at).cast(_UTC)}
    for i in range(table.features):
        columns[f"{table.name}_f{i}"] = pa.array(dice.random(len(key)), mask=dice.random(len(key)) < 0.02)
    return pa.table(columns)


def _write(folder: Path, parts: Iterator[pa.Table]) -> None:
    folder.mkdir()
    for i, part in enumerate(parts):
        pq.write_table(part, folder / f"part-{i:03}.parquet", row_group_size=1_000_000)
