"""Model quality per window, slice and model, from rows in this process: the same numbers as Spark's form gives.

Classes with odd names, such as numbers with fractions, are Spark's to write; then the reason is given in place of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.monitoring.definitions.windows import SNAPSHOT, Span, window_index
from headwater.monitoring.metrics.quality import EPSILON, scores_of
from headwater.monitoring.states.cells import MOST_SLICES
from headwater.monitoring.states.chunk_columns import coded

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from headwater.monitoring.definitions.monitor import Monitor, MonitorInferenceLog

__all__ = ["judged_columns", "quality_rows"]

_MOST_CLASSES: Final = 50
_WORDS: Final = {"1": "true", "0": "false"}
_NUMBERS: Final = {"true": "1", "false": "0"}


def judged_columns(monitor: Monitor, columns: Sequence[str]) -> dict[str, str]:
    """Return which columns are ``prediction``, ``label`` and, where there is one, ``score``; none without the first two."""
    log = monitor.inference
    if log is None or log.label_col not in columns or log.prediction_col not in columns:
        return {}
    named = {"prediction": log.prediction_col, "label": log.label_col, "score": log.prediction_proba_col}
    return {role: name for role, name in named.items() if name is not None and name in columns}


def quality_rows(table: pa.Table, monitor: Monitor, spans: Sequence[Span]) -> list[dict[str, Any]] | str:
    """Return the metrics of each cell that has labelled rows, or why Spark must write the classes.

    `table` has ``time`` (microseconds), ``model``, ``s0``… and the :func:`judged_columns`.
    """
    log = monitor.inference
    assert log is not None
    cells = _Cells.of(table, monitor, spans)
    if log.problem_type == "regression":
        return list(_regression(table, cells))
    found = _classes(table, log)
    return found if isinstance(found, str) else list(found.metrics(cells))


@dataclass(frozen=True)
class _Cells:
    """Which window, slice and model each row counts for."""

    time: NDArray[np.int64]
    models: NDArray[np.int64]
    model_names: NDArray[Any]
    slices: tuple[tuple[str | None, NDArray[np.int64], NDArray[Any]], ...]
    spans: Sequence[Span]

    @classmethod
    def of(cls, table: pa.Table, monitor: Monitor, spans: Sequence[Span]) -> _Cells:
        time = table["time"].to_numpy()
        models, names = coded(table["model"])
        if monitor.model_id_col is None:
            models = np.full(len(time), -1, dtype=np.int64)
        whole = (None, np.zeros(len(time), dtype=np.int64), np.array([None], dtype=object))
        slices = [(text, *coded(table[f"s{i}"])) for i, text in enumerate(monitor.slicing_exprs)]
        return cls(time, models, names, (whole, *slices), spans)

    def groups(self, labelled: NDArray[np.bool_]) -> Iterator[tuple[dict[str, Any], NDArray[np.int64]]]:
        """Give each cell with the numbers of its labelled rows; of slices the most frequent ones of all rows."""
        for span in self.spans:
            index = (
                np.full(len(self.time), span.first)
                if span.granularity == SNAPSHOT
                else window_index(self.time, span.granularity)
            )
            inside = span.holds(index)
            for slice_key, codes, names in self.slices:
                rows = np.flatnonzero(inside & (codes >= 0))
                parts = _parted(rows, index[rows], codes[rows])
                if slice_key is not None and len(names) > MOST_SLICES:
                    parts = _most_frequent(parts, index, names[codes])
                for part in parts:
                    cell = {
                        "granularity": span.granularity or None, "window_index": int(index[part[0]]),
                        "slice_key": slice_key, "slice_value": names[codes[part[0]]],
                    }  # fmt: skip
                    mine = part[labelled[part]]
                    if len(mine):
                        yield cell | {"model_id": "*"}, mine
                    own = mine[self.models[mine] >= 0]
                    for of_model in _parted(own, self.models[own]):
                        yield cell | {"model_id": self.model_names[self.models[of_model[0]]]}, of_model


def _most_frequent(
    parts: list[NDArray[np.int64]], index: NDArray[np.int64], values: NDArray[Any]
) -> list[NDArray[np.int64]]:
    """Return the parts of the most frequent values of each window; ties go to the smaller value."""
    windows: dict[int, list[NDArray[np.int64]]] = {}
    for part in parts:
        windows.setdefault(int(index[part[0]]), []).append(part)
    return [
        part
        for mine in windows.values()
        for part in sorted(mine, key=lambda rows: (-len(rows), values[rows[0]]))[:MOST_SLICES]
    ]


def _parted(rows: NDArray[np.int64], *by: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the rows parted by equal values."""
    if not len(rows):
        return []
    order = np.lexsort(by)
    breaks = np.zeros(len(rows) - 1, dtype=bool)
    for values in by:
        breaks |= np.diff(values[order]) != 0
    return np.split(rows[order], np.flatnonzero(breaks) + 1)


def _regression(table: pa.Table, cells: _Cells) -> Iterator[dict[str, Any]]:
    predictions, labels = (_numbers(table[name]) for name in ("prediction", "label"))
    labelled = ~np.isnan(predictions) & ~np.isnan(labels)
    for cell, rows in cells.groups(labelled):
        label = labels[rows]
        error = predictions[rows] - label
        with np.errstate(over="ignore", invalid="ignore"):
            squared = float(np.mean(error * error))
            spread = float(np.var(label))
            share = np.abs(error) / np.maximum(np.abs(label), EPSILON)
        yield cell | {
            "mean_squared_error": squared,
            "root_mean_squared_error": float(np.sqrt(squared)),
            "mean_average_error": float(np.mean(np.abs(error))),
            "mean_absolute_percentage_error": float(np.mean(share)),
            "r2_score": None if spread <= 0 else 1 - squared / spread,
        }


@dataclass(frozen=True)
class _Classes:
    """Classes of predictions and labels as codes into `names`, -1 for none; `scores` has a column for each of `scored`."""

    predictions: NDArray[np.int64]
    labels: NDArray[np.int64]
    names: list[str]
    scores: NDArray[np.float64] | None
    scored: list[int]
    given: NDArray[np.bool_] | None

    def metrics(self, cells: _Cells) -> Iterator[dict[str, Any]]:
        """Give a row of metrics per cell."""
        labelled = (self.predictions >= 0) & (self.labels >= 0)
        loss = self._losses() if self.scores is not None else None
        confusions, rows_of = {}, []
        for cell, rows in cells.groups(labelled):
            pairs = self.predictions[rows] * len(self.names) + self.labels[rows]
            found, counts = np.unique(pairs, return_counts=True)
            confusion = [
                {
                    "prediction": self.names[pair // len(self.names)],
                    "label": self.names[pair % len(self.names)],
                    "count": int(count),
                }
                for pair, count in zip(found, counts, strict=True)
            ]
            confusion.sort(key=lambda one: (one["prediction"], one["label"]))
            confusions[_beside(cell, cell["slice_value"])] = confusion
            known = np.empty(0) if loss is None else loss[rows][~np.isnan(loss[rows])]
            mean = float(np.mean(known)) if len(known) else None
            wins = None if self.scores is None else list(self._wins(rows))
            rows_of.append(cell | {"confusion": confusion, "log_loss": mean, "wins": wins, "others": None})
        for row in rows_of:
            if row["slice_value"] == "true":
                row["others"] = confusions.get(_beside(row, "false"))
            yield scores_of(row)

    def _losses(self) -> NDArray[np.float64]:
        """Return minus the logarithm of each label's probability; NaN where it is not known."""
        assert self.scores is not None
        assert self.given is not None
        sizes = self.given.sum(axis=1)
        place = np.full(len(self.names) + 1, -1)
        place[self.scored] = np.arange(len(self.scored))
        own = place[self.labels]
        at = np.arange(len(own))
        has = (own >= 0) & self.given[at, np.maximum(own, 0)]
        only = self.scores[at, np.argmax(self.given, axis=1)]
        p = np.where(has, self.scores[at, np.maximum(own, 0)], np.where(sizes == 1, 1 - only, 0.0))
        p[sizes == 0] = np.nan
        return np.asarray(-np.log(np.clip(p, EPSILON, 1 - EPSILON)))

    def _wins(self, rows: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
        assert self.scores is not None
        labels = self.labels[rows]
        for column, of_class in enumerate(self.scored):
            p = self.scores[rows, column]
            valid = ~np.isnan(p)
            own = np.sort(p[valid & (labels == of_class)])
            for label in np.unique(labels[valid]):
                theirs = p[valid & (labels == label)]
                won = 0.0
                if label != of_class:
                    below = np.searchsorted(own, theirs, side="left")
                    upto = np.searchsorted(own, theirs, side="right")
                    won = float((len(own) - upto).sum()) + float((upto - below).sum()) / 2
                name = self.names[of_class]
                yield {"class": name, "label": self.names[label], "wins": won, "rows": len(theirs)}


def _classes(table: pa.Table, log: MonitorInferenceLog) -> _Classes | str:
    import pyarrow as pa

    of_predictions, of_labels = _class_names(table["prediction"]), _class_names(table["label"])
    if of_predictions is None or of_labels is None:
        return "classes are numbers with fractions"
    (predictions, theirs), (labels, own) = of_predictions, of_labels
    if len(theirs) * len(own) > _MOST_CLASSES**2:
        return "there are many classes"
    names: dict[str, int] = {}
    of_label = np.array([names.setdefault(name, len(names)) for name in own] + [-1])[labels]
    of_pair = np.array([[names.setdefault(_in_words_of(p, label), len(names)) for label in own] for p in theirs])
    if len(theirs) and len(own):
        of_prediction = np.where((predictions >= 0) & (labels >= 0), of_pair[predictions, labels], -1)
    else:
        of_prediction = np.full(len(labels), -1)
    if "score" not in table.column_names:
        return _Classes(of_prediction, of_label, list(names), None, [], None)
    column = table["score"]
    if pa.types.is_floating(column.type):
        positive = log.positive_class or ("true" if pa.types.is_boolean(table["label"].type) else "1")
        keys, scores = [positive], _numbers(column).reshape(-1, 1)
        given = np.asarray(column.is_valid()).reshape(-1, 1)
    else:
        found = _entries(column)
        if isinstance(found, str):
            return found
        keys, scores, given = found
    mapped = [{_in_words_of(_class_of_text(key), label) for label in own} for key in keys]
    if any(len(each) > 1 for each in mapped) or len(set().union(*mapped)) < len(keys):
        return "a class has several names"
    codes = [names.setdefault(next(iter(each), ""), len(names)) for each in mapped]
    return _Classes(of_prediction, of_label, list(names), scores, codes, given)


def _entries(column: pa.ChunkedArray) -> tuple[list[str], NDArray[np.float64], NDArray[np.bool_]] | str:
    """Return the classes of maps or arrays of probabilities, the probabilities (NaN: none), and which are given."""
    import pyarrow as pa

    joined = pa.concat_arrays(column.chunks)
    if pa.types.is_map(joined.type):
        keys, values = joined.keys, joined.items
    elif pa.types.is_list(joined.type) or pa.types.is_large_list(joined.type):
        keys, values = None, joined.values
    else:
        return f"probabilities are {joined.type}"
    starts = joined.offsets.to_numpy().astype(np.int64)
    sizes = np.where(joined.is_valid(), np.diff(starts), 0)
    rows = np.repeat(np.arange(len(joined)), sizes)
    places = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    flat = np.repeat(starts[:-1], sizes) + places
    if keys is None:
        names, codes = [str(i) for i in range(int(sizes.max(initial=0)))], places
    else:
        of, texts = coded(pa.chunked_array([keys.cast(pa.string())]))
        names, codes = [str(text) for text in texts], of[flat]
    if len(names) > _MOST_CLASSES:
        return "there are many classes"
    scores = np.full((len(joined), max(len(names), 1)), np.nan)
    given = np.zeros(scores.shape, dtype=bool)
    scores[rows, codes] = _numbers(pa.chunked_array([values]))[flat]
    given[rows, codes] = True
    return (names or ["0"]), scores, given


def _class_names(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[str]] | None:
    """Return the class of each row, -1 for none, and the classes as text; None if some are numbers with fractions."""
    import pyarrow as pa

    if pa.types.is_floating(column.type):
        numbers = _numbers(column)
        known = numbers[~np.isnan(numbers)]
        if not (np.isfinite(known) & (known == np.floor(known)) & (np.abs(known) < 2**63)).all():
            return None
        whole = np.where(np.isnan(numbers), 0, numbers).astype(np.int64)
        column = pa.chunked_array([pa.array(whole, mask=np.isnan(numbers))])
    elif not (pa.types.is_integer(column.type) or pa.types.is_boolean(column.type) or pa.types.is_string(column.type)):
        return None
    codes, texts = coded(column.cast(pa.string()))
    names: dict[str, int] = {}
    own = np.array([names.setdefault(_class_of_text(text), len(names)) for text in texts] + [-1])
    return own[codes], list(names)


def _class_of_text(text: str) -> str:
    import re

    if text.lower() in _NUMBERS:
        return text.lower()
    return re.sub(r"^([+-]?[0-9]+)\.0+$", r"\1", text)


def _in_words_of(name: str, other: str) -> str:
    if other in _NUMBERS:
        return _WORDS.get(name, name)
    return _NUMBERS.get(name, name) if other in _WORDS else name


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    import pyarrow as pa

    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    return np.asarray(column.cast(pa.float64(), safe=False).fill_null(np.nan).to_numpy())


def _beside(cell: dict[str, Any], slice_value: str | None) -> tuple[Any, ...]:
    return (cell["granularity"], cell["window_index"], cell["slice_key"], slice_value, cell["model_id"])
