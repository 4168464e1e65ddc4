"""The hyperparameter search: an engine proposes trials, an executor runs them, and the best is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from headwater.lakehouse import InvalidInputError, MissingColumnsError
from headwater.training.data.pandas_rows import columns_of, weights_of
from headwater.training.data.splits import Folds, TimeFolds
from headwater.training.errors import SearchFailedError, SparkContextError
from headwater.training.models.families import ModelFamily
from headwater.training.problems.binary import Binary
from headwater.training.problems.problem import Problem
from headwater.training.search.engine import SearchEngine
from headwater.training.search.executors import Schedule, run_here, run_on_spark
from headwater.training.search.hyperopt_engine import HyperoptEngine
from headwater.training.search.hyperopt_spark import classic_session
from headwater.training.search.optuna_engine import OptunaEngine
from headwater.training.search.spark_trials import run_by_spark_trials
from headwater.training.search.stopping import Stopping
from headwater.training.search.trial import Trial, TrialData, run_trial

__all__ = ["SearchPlan", "SearchResult", "best_of", "engine_of", "schedule_of", "search"]

_BINARY = Binary()
_ENGINES: Mapping[str, Callable[..., SearchEngine]] = {"hyperopt": HyperoptEngine, "optuna": OptunaEngine}


@dataclass(frozen=True)
class SearchPlan:
    """How to search.

    Parameters
    ----------
    trials
        Number of trials over all families; each family's start counts as one.
    parallelism
        Trials at a time on Spark; each takes one task slot and one thread.
    folds
        Time-ordered folds, or `GroupFolds` or `StratifiedFolds` where time does not matter; each trial is fitted once per fold.
    rows
        Search on a seeded random sample of at most this many training rows; None: on all. The final fit takes all.
    backend
        ``"spark"``: each trial is a task of the session's Spark. ``"local"``: in this process, one after the other.
        ``"auto"``: Spark where this process has a classic Spark session and `parallelism` is above 1, else local.
        ``"sparktrials"``: hyperopt's SparkTrials as it is shipped, which polls and is slower.
    engine
        ``"hyperopt"``, or ``"optuna"`` where it is installed; SparkTrials has hyperopt's.
    seed
        Of the sample and of the suggestions. The same seed and `batch` give the same trials, here, on Spark, and at any
        `parallelism`; but for SparkTrials, whose suggestions depend on the order in which trials end.
    batch
        Trials that are suggested together, from the losses known before; None: as many as `parallelism`.
    startup
        Trials drawn at random before the tree-structured Parzen estimator suggests from the losses seen.
    patience
        The search ends when so many trials in a row have not been better than the best before; None: it goes on.
    failures
        The search ends when so many trials have failed, and the best of the others is taken; None: it goes on.
    prune
        Give a trial up after a fold if its mean loss so far is above the median of the finished trials' at that fold, once four
        have finished. Neither rule is applied by SparkTrials.
    timeout
        Seconds after which Spark's running trials are cancelled, or in this process no further one begins, and the best
        finished one is taken; None: no end.

    Examples
    --------
    >>> SearchPlan(trials=12, parallelism=2, rows=40_000).backend
    'auto'
    """

    trials: int = 12
    parallelism: int = 2
    folds: Folds = field(default_factory=TimeFolds)
    rows: int | None = None
    backend: Literal["auto", "spark", "local", "sparktrials"] = "auto"
    engine: Literal["hyperopt", "optuna"] = "hyperopt"
    seed: int = 0
    batch: int | None = None
    startup: int = 6
    patience: int | None = None
    failures: int | None = None
    prune: bool = False
    timeout: int | None = None

    def __post_init__(self) -> None:
        if self.trials < 1 or self.parallelism < 1 or self.startup < 1 or (self.batch is not None and self.batch < 1):
            raise InvalidInputError(f"trials, parallelism, startup and batch must be at least 1: {self}.")
        if self.engine not in _ENGINES:
            raise InvalidInputError(f"There is no search engine {self.engine!r}. Known: {', '.join(_ENGINES)}.")
        if any(bound is not None and bound < 1 for bound in (self.patience, self.failures)):
            raise InvalidInputError(f"patience and failures must be at least 1 or None: {self}.")
        if self.rows is not None and self.rows < 1:
            raise InvalidInputError(f"SearchPlan(rows={self.rows}) leaves no rows: give a positive number or None.")
        if self.backend not in {"auto", "spark", "local", "sparktrials"}:
            raise InvalidInputError(
                f"There is no search backend {self.backend!r}. Known: auto, local, spark, sparktrials."
            )


@dataclass(frozen=True)
class SearchResult:
    """The best member found and every trial's record, in the order of suggestion; losses are the problem's."""

    family: str
    params: Mapping[str, Any]
    loss: float
    trials: tuple[Trial, ...]
    backend: str
    rows: int
    problem: Problem

    @property
    def best(self) -> Trial:
        """The record of the best trial."""
        return min((t for t in self.trials if t.status == "ok"), key=lambda t: (t.loss, t.number))


def search(
    frame: pd.DataFrame,
    label: str,
    time_column: str,
    families: Sequence[ModelFamily],
    plan: SearchPlan | None = None,
    *,
    problem: Problem = _BINARY,
    weight: str | None = None,
    known: Mapping[int, Trial] | None = None,
    on_trial: Callable[[Trial], None] | None = None,
) -> SearchResult:
    """Return the family and hyperparameters of the smallest mean loss over time-ordered folds.

    Parameters
    ----------
    frame
        Inputs, `label` (as the problem has labels, for :class:`Binary` 0 or 1; no nulls) and `time_column` (no nulls). All other
        columns are inputs: numbers as float64, strings as objects; but for the column of the folds' groups.
    families
        At least one; names differ.
    problem
        What is predicted; default: :class:`Binary`, whose loss is the log loss.
    weight
        Column of the rows' weights in each fit, not negative; it is no input. Losses are of rows that all count alike.
    known
        Trials of an earlier search of the same rows, families and plan, by their numbers: they are not run again. A search that
        was killed, and goes on from its trials, ends as one that was not. Not used by SparkTrials.
    on_trial
        Called in this process with each trial's record when it has ended, from another thread on Spark.

    Raises
    ------
    SearchFailedError
        If no trial succeeded; it shows their traces.
    SparkContextError
        If the backend is ``"spark"`` and this process has no classic Spark session.

    Notes
    -----
    Costs `trials` times folds fits; on Spark each trial some 0.1 s more.
    A trial that raises is recorded as failed and the search goes on.
    """
    plan = plan or SearchPlan()
    beside = [name for name in (plan.folds.group, weight) if name]
    _check(frame, [label, time_column, *beside], families)
    backend = _backend(plan)
    data = _trial_data(frame, label, time_column, plan, problem, weight)
    by_name = {family.name: family for family in families}
    records = _run(backend, data, by_name, plan, on_trial, known or {})
    best = best_of(records)
    assert best.loss is not None
    return SearchResult(best.family, best.params, best.loss, tuple(records), backend, len(data.inputs), problem)


def best_of(records: Sequence[Trial]) -> Trial:
    """Return the trial of the smallest loss; a `SearchFailedError` with the traces if none succeeded."""
    succeeded = [trial for trial in records if trial.status == "ok" and trial.loss is not None]
    if not succeeded:
        raise SearchFailedError(len(records), list(dict.fromkeys(t.error for t in records if t.error)))
    return min(succeeded, key=lambda trial: (trial.loss, trial.number))


def engine_of(plan: SearchPlan, families: Mapping[str, ModelFamily]) -> SearchEngine:
    """Return the plan's engine over the families' spaces."""
    return _ENGINES[plan.engine](families, seed=plan.seed, startup=plan.startup)


def schedule_of(
    plan: SearchPlan, known: Mapping[int, Trial], on_trial: Callable[[Trial], None] | None, *, batch: int | None = None
) -> Schedule:
    """Return how many trials there are, and when the search ends."""
    return Schedule(
        plan.trials,
        batch or plan.batch or plan.parallelism,
        plan.timeout,
        Stopping(plan.patience, plan.failures, plan.prune),
        known,
        on_trial,
    )


def _check(frame: pd.DataFrame, needed: Sequence[str], families: Sequence[ModelFamily]) -> None:
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise MissingColumnsError(missing, "the frame to search on", [str(c) for c in frame.columns])
    names = [family.name for family in families]
    if not names or len(set(names)) != len(names):
        raise InvalidInputError(f"Give at least one family, each name once; found {', '.join(names) or 'none'}.")


def _trial_data(
    frame: pd.DataFrame, label: str, time_column: str, plan: SearchPlan, problem: Problem, weight: str | None
) -> TrialData:
    if plan.rows is not None and len(frame) > plan.rows:
        drawn = np.random.default_rng(plan.seed).choice(len(frame), size=plan.rows, replace=False)
        frame = frame.iloc[np.sort(drawn)]
    group, labels = plan.folds.group, problem.labels(frame[label])
    beside = [name for name in (group, weight) if name]
    inputs = frame.drop(columns=[label, time_column, *beside]).reset_index(drop=True)
    folds = plan.folds.split(frame[time_column], groups=frame[group] if group else None, labels=labels)
    return TrialData(inputs, labels, columns_of(inputs), tuple(folds), problem, weights_of(frame, weight))


def _backend(plan: SearchPlan) -> Literal["spark", "local", "sparktrials"]:
    if plan.backend == "local":
        return "local"
    found = classic_session()
    if plan.backend == "auto":
        return "local" if isinstance(found, str) or plan.parallelism == 1 else "spark"
    if isinstance(found, str):
        raise SparkContextError(found)
    return plan.backend


def _run(
    backend: str,
    data: TrialData,
    families: Mapping[str, ModelFamily],
    plan: SearchPlan,
    on_trial: Callable[[Trial], None] | None,
    known: Mapping[int, Trial],
) -> list[Trial]:
    spark = classic_session()
    if backend == "sparktrials":
        assert not isinstance(spark, str)
        return run_by_spark_trials(spark, data, families, plan, on_trial)
    engine, schedule = engine_of(plan, families), schedule_of(plan, known, on_trial)
    if backend == "local":
        return run_here(engine, lambda family, params, bars: run_trial(data, family, params, bars), families, schedule)
    assert not isinstance(spark, str)
    return run_on_spark(spark, engine, data, families, schedule, parallelism=plan.parallelism)
