"""Bounded samples of scored rows with their inputs: always the same rows, by their hashes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from headwater.monitoring.estimation.kinds import BINARY, NUMBER
from headwater.monitoring.states.columns import ProfiledColumn, prepared, profiled_columns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from pyspark.sql import Column, DataFrame

    from headwater.monitoring.definitions.monitor import Monitor

__all__ = ["Sample", "input_columns", "sampled"]

_PARTS: Final = 1_000_000


@dataclass(frozen=True)
class Sample:
    """Rows in the order of their times: `time` (microseconds), `model`, the score (NaN where there is none), and the inputs."""

    time: NDArray[np.int64]
    model: NDArray[np.object_]
    score: NDArray[np.float64]
    inputs: pd.DataFrame

    def take(self, chosen: NDArray[np.bool_]) -> Sample:
        """Return the rows where the mask is true."""
        return Sample(self.time[chosen], self.model[chosen], self.score[chosen], self.inputs[chosen])


def input_columns(df: DataFrame, monitor: Monitor) -> tuple[ProfiledColumn, ...]:
    """Return the model's inputs: numbers and text that the monitor profiles, without label, prediction and probability."""
    log = monitor.inference
    outputs = (log.label_col, log.prediction_col, log.prediction_proba_col) if log else ()
    return tuple(
        one for one in profiled_columns(df, monitor) if one.kind in ("number", "string") and one.name not in outputs
    )


def sampled(
    df: DataFrame, monitor: Monitor, inputs: Sequence[ProfiledColumn], kind: str | None, share: float, *, timeless: bool
) -> Sample:
    """Return a share, 0 to 1, of the rows; they come to the driver."""
    from pyspark.sql import functions as F

    rows = prepared(df, tuple(inputs), monitor, timeless=timeless, extra={"score": _score(df, monitor, kind)})
    rows = rows.withColumn("hash", F.xxhash64(*rows.columns))
    if share < 1:
        rows = rows.where(F.pmod("hash", F.lit(_PARTS)) < int(share * _PARTS))
    found = rows.toArrow().to_pandas().sort_values(["time", "hash"], ignore_index=True)
    names = {f"c{at}": one.name for at, one in enumerate(inputs)}
    frame = found[list(names)].rename(columns=names)
    frame = frame.astype({one.name: "float64" for one in inputs if one.kind == "number"})
    return Sample(
        found["time"].to_numpy(dtype=np.int64), found["model"].to_numpy(dtype=object), found["score"].to_numpy(dtype=np.float64),
        frame,
    )  # fmt: skip


def _score(df: DataFrame, monitor: Monitor, kind: str | None) -> Column:
    """Return the probability of the positive class, or the predicted number; NULL of several classes."""
    from pyspark.sql import functions as F

    from headwater.lakehouse import column

    log = monitor.inference
    names = {BINARY: log.prediction_proba_col, NUMBER: log.prediction_col} if log else {}
    name = names.get(kind or "")
    return column(name).cast("double") if name is not None and name in df.columns else F.lit(None).cast("double")
