"""All rows whose outcome is known, with what model and baselines predicted for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.conventions import MODEL_VERSION
from headwater.project import Project
from headwater.training import RateBaseline
from headwater.web.report.models import ModelVersion
from headwater.web.report.tables import Store

if TYPE_CHECKING:
    from pyarrow.dataset import Expression

__all__ = ["HOLDOUT", "LIVE", "Judged", "judged_rows"]

HOLDOUT, LIVE = "holdout", "live"
_MODEL = MODEL_VERSION


@dataclass(frozen=True)
class Judged:
    """Labelled rows, column by column.

    `time` (naive UTC), `label`, `part` (holdout or live), the `version` that scored them, and `answers` by predictor:
    ``model`` and the project's baselines. Rows whose outcome is none of the problem's are left out; `impossible` is their
    number. `scored`, `first_scored` and `last_scored` are of all live rows, labelled or not.
    """

    time: pd.Series
    label: NDArray[Any]
    part: pd.Series
    version: pd.Series
    answers: Mapping[str, NDArray[np.float64]]
    impossible: int = 0
    scored: int = 0
    first_scored: pd.Timestamp | None = None
    last_scored: pd.Timestamp | None = None


def judged_rows(store: Store, project: Project, versions: Sequence[ModelVersion]) -> Judged:
    """Return the first version's holdout and all live scores, where labelled.

    The live rows are the inference table's, each scored by the model that served at its time. The holdout's rows come from
    the baseline table, if need be from the version of it that the first model's training wrote. The baselines are fitted
    once, on the training rows before that holdout (less its gap) and before the first live score, and stay fixed:
    they say what could have been had without a model.
    """
    baselines = project.baselines
    columns = list(dict.fromkeys(column for baseline in baselines for column in baseline.columns))
    recorded = project.problem.recorded_in
    needed = [project.time_column, project.label, *recorded, _MODEL, *columns]
    live = store.read(project.table("inference"), list(dict.fromkeys(needed)))
    times = live[project.time_column]
    first, last = (None, None) if live.empty else (times.min(), times.max())
    held = _holdout(store, project, versions, needed, recorded[0])
    if first is not None:
        held = held[held[project.time_column] < first]
    labelled = [
        part.dropna(subset=[project.label, *recorded]).assign(_part=name)
        for name, part in ((HOLDOUT, held), (LIVE, live))
    ]
    rows = pd.concat([part for part in labelled if len(part)] or labelled[:1], ignore_index=True)
    possible = project.problem.possible(rows[project.label])
    impossible, rows = int((~possible).sum()), rows[possible].reset_index(drop=True)
    cut = _cut(
        versions, [*([] if first is None else [first]), *([] if held.empty else [held[project.time_column].min()])]
    )
    fitted = _training_rows(store, project, cut, [project.time_column, project.label, *columns])
    return Judged(
        time=pd.to_datetime(rows[project.time_column]),
        label=project.problem.labels(rows[project.label]) if len(rows) else np.array([], dtype=np.int64),
        part=rows["_part"],
        version=rows[_MODEL].astype(str),
        answers=_answers(rows, fitted, baselines, project),
        impossible=impossible,
        scored=len(live),
        first_scored=first,
        last_scored=last,
    )


def _holdout(
    store: Store, project: Project, versions: Sequence[ModelVersion], columns: Sequence[str], answer: str
) -> pd.DataFrame:
    """Return the rows that the first version was judged on; none if no version of the table has them any more."""
    from pyarrow.dataset import field

    table = project.table("baseline")
    number = versions[0].version if versions else "1"
    where = (field(_MODEL) == number) & field(answer).is_valid()
    version = store.first_version(table, where)
    found = store.read(table, list(dict.fromkeys(columns)), where, version)
    return found if version is not None else found.head(0)


def _cut(versions: Sequence[ModelVersion], firsts: Sequence[pd.Timestamp]) -> pd.Timestamp | None:
    """Return the time before which the baselines may learn: before the first holdout, its gap, and all judged rows."""
    held = versions[0].holdout_start if versions else None
    starts = [*firsts, *([] if held is None else [held - versions[0].gap])]
    return min(starts) if starts else None


def _training_rows(store: Store, project: Project, cut: pd.Timestamp | None, columns: Sequence[str]) -> pd.DataFrame:
    table = project.table("training_rows")
    if cut is None:
        return store.read(table, list(dict.fromkeys(columns))).head(0)
    where = _before(store, table, project.time_column, cut)
    found = store.read(table, list(dict.fromkeys(columns)), where, store.first_version(table, where))
    return found[project.problem.possible(found[project.label])]


def _before(store: Store, table: str, column: str, cut: pd.Timestamp) -> Expression:
    """Return the condition ``column < cut`` in the column's own type: with a time zone, or without."""
    import pyarrow as pa
    from pyarrow.dataset import field, scalar

    opened = store.open(table)
    kinds = {one.name: str(one.type) for one in opened.schema().fields} if opened is not None else {}
    zone = None if "ntz" in kinds.get(column, "") else "UTC"
    return field(column) < scalar(pa.scalar(cut.to_pydatetime(), type=pa.timestamp("us", tz=zone)))


def _answers(
    rows: pd.DataFrame, fitted: pd.DataFrame, baselines: Sequence[RateBaseline], project: Project
) -> dict[str, NDArray[np.float64]]:
    problem = project.problem
    found = {"model": problem.recorded(rows)}
    if len(fitted):
        targets = problem.targets(problem.labels(fitted[project.label]))
        found |= {one.name: one.predict(fitted, targets, rows, centre=problem.centre) for one in baselines}
    return found
