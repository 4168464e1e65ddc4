"""What retraining gained: the rows that were scored in service, scored once more by the first version that served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from headwater.conventions import MODEL_VERSION
from headwater.lakehouse import HeadwaterError
from headwater.project import Project
from headwater.training import PairedDifference, paired_jackknife, use_store
from headwater.training.data.pandas_rows import texts_of
from headwater.web.report.judged import LIVE, Judged
from headwater.web.report.models import ModelVersion
from headwater.web.report.tables import Store

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Gain", "MonthlyGain", "gained"]

_TRIED = 2000  # rows by which it is tried whether a version gives its own scores again


@dataclass(frozen=True)
class MonthlyGain:
    """A month's rows (``2013-10``, UTC): the versions that served, and each metric of theirs less the first version's."""

    month: str
    versions: tuple[str, ...]
    differences: tuple[PairedDifference, ...]


@dataclass(frozen=True)
class Gain:
    """What the versions in service gained over the first one of them, `first`.

    `months` are in their order, and `total` is all of them together. Where the first version cannot be compared with, there are
    none, and `reason` says why as a sentence.
    """

    first: str
    months: Sequence[MonthlyGain] = field(default_factory=tuple)
    total: MonthlyGain | None = None
    reason: str = ""


class _NotComparableError(HeadwaterError):
    """The first version's scores of later rows cannot be had."""


def gained(store: Store, project: Project, judged: Judged, registered: Sequence[ModelVersion]) -> Gain | None:
    """Return what retraining gained, month by month; None while one version alone has served labelled rows.

    The rows are the inference table's whose outcome is known, with the features that were kept with each score. Of rows that the
    first version scored itself, its scores are taken; the others it scores here, in this process, with one thread. Metrics are
    the first two that the project's problem shows; the sampling error is that of leaving out each day (UTC) in turn.

    Notes
    -----
    A model is code: its pickles run, after its files' digests were checked. 80,000 rows of 50 features take some 3 s.
    """
    live = (judged.part == LIVE).to_numpy()
    versions = judged.version[live]
    if versions.nunique() < 2:
        return None
    first = str(versions.iloc[int(np.argmin(judged.time[live].to_numpy()))])
    try:
        if first not in {one.version for one in registered}:
            raise _NotComparableError("the registry does not have it.")
        return _compared(store, project, first)
    except HeadwaterError as error:
        return Gain(first, reason=f"Version {first} cannot be compared with: {error}")


def _compared(store: Store, project: Project, first: str) -> Gain:
    problem = project.problem
    model, kinds = _opened(store, project, first)
    needed = dict.fromkeys([*kinds, project.time_column, project.label, *problem.recorded_in, MODEL_VERSION])
    rows = store.read(project.table("inference"), list(needed)).dropna(subset=[project.label, *problem.recorded_in])
    rows = rows[problem.possible(rows[project.label])].reset_index(drop=True)
    own = (rows[MODEL_VERSION].astype(str) == first).to_numpy()
    inputs = _inputs(rows, kinds)
    _have_values(inputs, own, first)
    served, labels = problem.recorded(rows), problem.labels(rows[project.label])
    tried = np.flatnonzero(own)[:_TRIED]
    _gives_again(problem.answers(model, inputs.iloc[tried]), served[tried])
    frozen = served.copy()
    frozen[~own] = problem.answers(model, inputs[~own])
    time = pd.to_datetime(rows[project.time_column])
    months = time.dt.strftime("%Y-%m").to_numpy()

    def gain(month: str, kept: NDArray[np.bool_]) -> MonthlyGain:
        days = time[kept].dt.normalize().to_numpy()
        named = tuple(sorted(set(rows.loc[kept, MODEL_VERSION].astype(str)), key=lambda one: (len(one), one)))
        return MonthlyGain(
            month,
            named,
            tuple(
                paired_jackknife(problem, metric, labels[kept], served[kept], frozen[kept], days)
                for metric in list(problem.shown)[:2]
            ),
        )

    names = sorted(set(months))
    span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
    return Gain(first, [gain(one, months == one) for one in names], gain(span, np.ones(len(rows), dtype=bool)))


def _opened(store: Store, project: Project, version: str) -> tuple[Any, dict[str, str]]:
    """Return a version's model, and the kinds of its inputs by their names: ``string``, or a number's."""
    import mlflow.models
    import mlflow.sklearn

    from headwater.serving import open_model

    use_store(store.settings)
    folder: Path = open_model(f"models:/{project.model_name}/{version}").raw_model
    about = mlflow.models.Model.load(str(folder))
    if "sklearn" not in about.flavors or about.signature is None:
        raise _NotComparableError(
            "it is no scikit-learn model with a signature, and others are not loaded by a report."
        )
    try:
        model = mlflow.sklearn.load_model(str(folder))
    except Exception as error:
        raise _NotComparableError(f"it does not load ({type(error).__name__}: {error}).") from error
    kinds = {str(one.name): str(getattr(one.type, "name", one.type)) for one in about.signature.inputs.inputs}
    return model, kinds


def _inputs(rows: pd.DataFrame, kinds: dict[str, str]) -> pd.DataFrame:
    """Return the inputs as the model was fitted on them: numbers as float64, texts as objects."""
    columns = {
        name: texts_of(rows[name]) if kind == "string" else rows[name].astype("float64") for name, kind in kinds.items()
    }
    return pd.DataFrame(columns)


def _have_values(inputs: pd.DataFrame, own: NDArray[np.bool_], first: str) -> None:
    """Raise if later rows were written without an input that the first version's own rows have."""
    given, later = inputs[own].notna().any(), inputs[~own].notna().any()
    gone = [name for name in map(str, inputs.columns) if given[name] and not later[name]]
    if gone:
        raise _NotComparableError(
            f"the rows that were scored after version {first} have no value of its input {', '.join(gone)}."
        )


def _gives_again(answers: NDArray[np.float64], recorded: NDArray[np.float64]) -> None:
    """Raise if the model's answers, from the values that were kept, are not those that it gave in service."""
    if not np.allclose(answers, recorded, rtol=1e-6, atol=1e-9):
        furthest = float(np.abs(answers - recorded).max())
        raise _NotComparableError(
            f"from the features that were kept with its scores it gives other ones, by up to {furthest:.3g}; was a library "
            "changed since?"
        )
