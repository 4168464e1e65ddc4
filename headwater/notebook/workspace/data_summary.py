"""``dbutils.data``: a summary of a frame's columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater import lakehouse

__all__ = ["Data"]

_QUARTILES = ("25%", "50%", "75%")


class Data:
    """``dbutils.data``."""

    def __init__(self, display: Callable[..., None]) -> None:
        self._display = display

    def summarize(self, df: Any, precise: bool = False) -> None:
        """Show count, missing values, distinct values (about), mean, deviation, extremes and quartiles of each column.

        Parameters
        ----------
        df
            A frame of Spark or pandas. A Spark frame costs two jobs; the driver sees one row per column.
        precise
            Taken, and without effect: quartiles and distinct values of a Spark frame are those of its sketches.
        """
        del precise
        self._display(_of_pandas(df) if type(df).__module__.startswith("pandas.") else _of_spark(df))


def _of_spark(df: Any) -> Any:
    import pandas as pd
    from pyspark.sql import functions as F

    plain = [name for name, kind in df.dtypes if not kind.startswith(("array", "map", "struct", "binary", "variant"))]
    known = df.select(*[lakehouse.column(name) for name in plain]).summary(
        "count", "mean", "stddev", "min", *_QUARTILES, "max"
    )
    rows = {row["summary"]: row.asDict() for row in known.collect()}
    counts = [F.count_if(lakehouse.column(name).isNull()).alias(f"n{i}") for i, name in enumerate(plain)]
    counts += [F.approx_count_distinct(f"{lakehouse.quoted(name)}").alias(f"d{i}") for i, name in enumerate(plain)]
    told = df.agg(*counts).collect()[0] if plain else {}
    return pd.DataFrame(
        [
            {"column": name, "type": dict(df.dtypes)[name], "missing": told[f"n{i}"], "distinct": told[f"d{i}"]}
            | {what: row.get(name) for what, row in rows.items()}
            for i, name in enumerate(plain)
        ]
    )


def _of_pandas(frame: Any) -> Any:
    said = frame.describe(include="all").T
    said.insert(0, "missing", frame.isna().sum())
    return said.reset_index(names="column")
