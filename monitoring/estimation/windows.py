"""From scored rows to a state for each window and model: in the driver where rows are few, else on Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from headwater.monitoring.definitions.windows import Span, window_index
from headwater.monitoring.estimation.answers import Answers, no_rows, rows_of
from headwater.monitoring.states.state_rows import arrow_schema
from headwater.monitoring.tables.schemas import parsed

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from headwater.monitoring.estimation.estimator import Estimator

__all__ = ["Window", "Windows", "windows_of"]

DRIVER_ROWS: Final = 200_000
"""Up to so many rows, the driver reads them and adds them up itself: a second sooner than Spark's workers start."""
_ROWS, _LABELLED = -2, -1  # positions of the counts before those of the state

Key = tuple[str, int, str]


@dataclass
class Window:
    """What is known of a window's rows: how many, how many with a label, and the state (empty without an estimator)."""

    rows: int
    labelled: int
    state: NDArray[np.float64]


Windows = dict[Key, Window]
"""By granularity, index and model."""


def windows_of(
    rows: DataFrame, spans: Sequence[Span], estimators: Mapping[str, Estimator], answers: Answers, *, few: bool
) -> Windows:
    """Return the windows that have rows.

    Parameters
    ----------
    rows
        As :func:`~headwater.monitoring.estimation.answers.scored` gives them.
    estimators
        By model; windows of other models are counted alone.
    few
        Whether there are at most `DRIVER_ROWS` rows: they come to the driver. Else one pass on Spark's workers, and one
        shuffle of sums.
    """
    if few:
        return _added({}, rows.toArrow(), spans, estimators, answers)
    schema = parsed("granularity string, window_index bigint, model string, position int, value double")
    out = arrow_schema(schema)

    def sums(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        found: Windows = {}
        for batch in batches:
            _added(found, batch, spans, estimators, answers)
        for (granularity, index, model), window in found.items():
            position = np.flatnonzero(window.state)
            values = np.r_[window.rows, window.labelled, window.state[position]].astype(np.float64)
            positions = np.r_[_ROWS, _LABELLED, position].astype(np.int32)
            key = [[one] * len(values) for one in (granularity, index, model)]
            yield _batch([*key, positions, values], out)

    parts = rows.mapInArrow(sums, schema).groupBy("granularity", "window_index", "model", "position").sum("value")
    sizes = {model: len(estimator.state(no_rows(answers))) for model, estimator in estimators.items()}
    whole: Windows = {}
    for granularity, index, model, position, value in zip(*parts.toArrow().to_pydict().values(), strict=True):
        window = whole.setdefault((granularity, index, model), Window(0, 0, np.zeros(sizes.get(model, 0))))
        if position == _ROWS:
            window.rows = int(value)
        elif position == _LABELLED:
            window.labelled = int(value)
        else:
            window.state[position] = value
    return whole


def _added(
    found: Windows,
    table: pa.Table | pa.RecordBatch,
    spans: Iterable[Span],
    estimators: Mapping[str, Estimator],
    answers: Answers,
) -> Windows:
    """Add the rows to the windows found so far."""
    time = np.asarray(table.column("time").to_numpy(zero_copy_only=False), dtype=np.int64)
    models = np.asarray(table.column("model").to_numpy(zero_copy_only=False), dtype=object)
    rows = rows_of(table, answers)
    for span in spans:
        index = window_index(time, span.granularity)
        for model in sorted(set(models)):
            own = np.flatnonzero(span.holds(index) & (models == model))
            for one in np.unique(index[own]):
                chosen = own[index[own] == one]
                part = rows.take(chosen)
                state = estimators[model].state(part) if model in estimators else np.zeros(0)
                window = found.setdefault((span.granularity, int(one), str(model)), Window(0, 0, np.zeros(len(state))))
                window.rows += len(part)
                window.labelled += int((~np.isnan(part.labels)).sum())
                window.state = window.state + state
    return found


def _batch(columns: Sequence[object], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays(
        [pa.array(values, type=field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
    )
