"""What a training is to do, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from headwater.lakehouse import InvalidInputError
from headwater.training.data.splits import Holdout
from headwater.training.judging.evidence import Verdict
from headwater.training.judging.gate import Gate
from headwater.training.models.baselines import RateBaseline
from headwater.training.models.families import ModelFamily
from headwater.training.problems.binary import Binary
from headwater.training.problems.problem import Problem
from headwater.training.search.search import SearchPlan, SearchResult

__all__ = ["TrainingPlan", "TrainingResult"]


@dataclass(frozen=True)
class TrainingPlan:
    """What to train, on what, and what it must be able to do.

    Parameters
    ----------
    model_name
        Name in the registry; may have dots (``main.flights.late``), not ``/`` or ``:``.
    label
        Column of what is predicted, without nulls; which values it may have, the problem says.
    time_column
        Time at which the prediction is made, UTC; splits the rows, and is no input of the model.
    holdout
        Interval to judge on; the model is fitted on the rows before it, less its gap.
    problem
        :class:`Binary`, :class:`Multiclass`, :class:`Regression` or one of your own. It decides losses, metrics, figures and the
        columns of scores.
    exclude
        Columns that are no inputs (ids, other times); they identify the rows of `TrainingResult.predictions`.
    search, families
        How to search, and over which kinds of models; no families: the problem's.
    baselines
        What the model must beat; their `columns` must be in the training set.
    warm_start
        Whether the champion's hyperparameters are the first trial of its family, where they are within its space.
    slices
        Columns whose values are judged one by one.
    gate
        The checks before promotion; None: those of ``Gate()``, as far as the problem has their metrics.
    weight
        Column of the rows' weights in each fit, not negative, which must be in `exclude`; metrics count all rows alike.
    promote
        Whether a model that passes becomes champion at once; otherwise it stays challenger.
    promotion_table
        Delta table of promotions and refusals; None: only the versions' tags.
    experiment
        Name of the MLflow experiment; empty: the model's name.
    run_name
        Name of the parent run.
    description
        What the model predicts, for whom, as a sentence; the registered model's page begins with it.
    reason
        Why this training runs (an alert, a schedule); written into the run's tags.
    tags
        Further tags of the run. With ``headwater.training``, which says which training of the model it is, such as its interval,
        the holdout's predictions are logged with the run, for :func:`training.decided_training`.

    Examples
    --------
    >>> import datetime as dt
    >>> plan = TrainingPlan(
    ...     model_name="main.flights.late",
    ...     label="late",
    ...     time_column="prediction_time",
    ...     holdout=Holdout(dt.datetime(2013, 9, 1), dt.datetime(2013, 10, 1), gap=dt.timedelta(days=1)),
    ...     baselines=(RateBaseline(), RateBaseline("hour_and_carrier", ("hour", "carrier"))),
    ... )
    >>> plan.experiment_name
    'main.flights.late'
    """

    model_name: str
    label: str
    time_column: str
    holdout: Holdout
    problem: Problem = field(default_factory=Binary)
    exclude: tuple[str, ...] = ()
    search: SearchPlan = field(default_factory=SearchPlan)
    families: tuple[ModelFamily, ...] = ()
    baselines: tuple[RateBaseline, ...] = (RateBaseline(),)
    warm_start: bool = False
    slices: tuple[str, ...] = ()
    gate: Gate | None = None
    weight: str | None = None
    promote: bool = True
    promotion_table: str | None = None
    experiment: str = ""
    run_name: str = "training"
    description: str = ""
    reason: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [baseline.name for baseline in self.baselines]
        if len(set(names)) != len(names) or {"model", "champion"} & set(names):
            raise InvalidInputError(
                f"Baselines must have different names, and not 'model' or 'champion'; found {', '.join(names)}."
            )
        if self.label == self.time_column or self.label in self.exclude:
            raise InvalidInputError(f"The label {self.label!r} cannot be the time column or excluded.")
        for what, column in (("folds' groups", self.search.folds.group), ("weights", self.weight)):
            if column is not None and column not in self.exclude:
                raise InvalidInputError(f"The {what}, {column!r}, must be in exclude: they are no input of the model.")

    @property
    def searched_families(self) -> tuple[ModelFamily, ...]:
        """The families, or the problem's where none are named."""
        return self.families or self.problem.families()

    @property
    def checks(self) -> Gate:
        """The gate, or the problem's where none is given."""
        return self.gate if self.gate is not None else Gate(**self.problem.bounds)

    @property
    def experiment_name(self) -> str:
        """The experiment's name."""
        return self.experiment or self.model_name


@dataclass(frozen=True)
class TrainingResult:
    """What a training left behind.

    Attributes
    ----------
    run_id
        The parent run; the trials' runs are nested in it.
    model_name, version, model_uri
        The registered version.
    metrics
        On the holdout: ``model``, each baseline by its name, and ``champion`` if it was compared. The problem says which.
    verdict
        The gate's decision with its reasons.
    promoted
        Whether the version is champion now.
    search
        The best member and all trials.
    predictions
        One row per row of the holdout: the excluded columns, the time, the label, the answer (``probability`` of label 1;
        ``prediction`` and ``probability_<class>``; ``prediction``), and the same of each baseline and, if it was compared, of the
        ``champion``, under their names.
    slices, months
        Metrics of the same models by slice and by calendar month (UTC).
    importance
        The inputs by how much the model leans on them.
    seconds
        Wall time of each step.
    """

    run_id: str
    model_name: str
    version: str
    model_uri: str
    metrics: Mapping[str, Mapping[str, float]]
    verdict: Verdict
    promoted: bool
    search: SearchResult
    predictions: pd.DataFrame
    slices: pd.DataFrame
    months: pd.DataFrame
    importance: pd.DataFrame
    seconds: Mapping[str, float]
