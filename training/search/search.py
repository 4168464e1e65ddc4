"""The hyperparameter search; hyperopt stands behind this file.

SparkTrials is used as it is shipped, with these ways round what was met:

- A trial never raises in its worker: its trace comes back as a result. SparkTrials would keep only the exception's class.
- Its task leaves the Spark task's input unread, after which PySpark throws the Python worker away, and each trial would
  import everything again (2 to 4 s). It is given a context whose tasks read their input to the end.
- Its cancelling ends every job of the caller's job group: it gets a group of its own.
- ``points_to_evaluate`` is ignored by it: the families' starts are inserted as trials before the search begins.
- hyperopt's ``no_progress_loss`` hangs with it: the only stop function used here reads finished trials and never stops.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from headwater.lakehouse import InvalidInputError, MissingColumnsError
from headwater.training.data.pandas_rows import columns_of
from headwater.training.data.splits import TimeFolds
from headwater.training.errors import SearchFailedError, SparkContextError
from headwater.training.models.families import ModelFamily
from headwater.training.search.hyperopt_spark import DrainingSession, classic_session, job_group, quiet
from headwater.training.search.trial import Trial, TrialData, run_trial

__all__ = ["SearchPlan", "SearchResult", "search"]


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
        Time-ordered folds; each trial is fitted once per fold.
    rows
        Search on a seeded random sample of at most this many training rows; None: on all. The final fit takes all.
    backend
        ``"spark"``: hyperopt's SparkTrials. ``"local"``: in this process, one after the other. ``"auto"``: Spark where this
        process has a classic Spark session and `parallelism` is above 1, else local.
    seed
        Of the sample and of the suggestions. The local backend gives the same trials each time; on Spark the suggestions
        also depend on the order in which trials end, once `startup` trials have been suggested.
    startup
        Trials drawn at random before the tree-structured Parzen estimator suggests from the losses seen.
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
    folds: TimeFolds = field(default_factory=TimeFolds)
    rows: int | None = None
    backend: Literal["auto", "spark", "local"] = "auto"
    seed: int = 0
    startup: int = 6
    timeout: int | None = None

    def __post_init__(self) -> None:
        if self.trials < 1 or self.parallelism < 1 or self.startup < 1:
            raise InvalidInputError(f"trials, parallelism and startup must be at least 1: {self}.")
        if self.rows is not None and self.rows < 1:
            raise InvalidInputError(f"SearchPlan(rows={self.rows}) leaves no rows: give a positive number or None.")
        if self.backend not in {"auto", "spark", "local"}:
            raise InvalidInputError(f"There is no search backend {self.backend!r}. Known: auto, local, spark.")


@dataclass(frozen=True)
class SearchResult:
    """The best member found and every trial's record, in the order of suggestion."""

    family: str
    params: Mapping[str, Any]
    loss: float
    trials: tuple[Trial, ...]
    backend: str
    rows: int

    @property
    def best(self) -> Trial:
        """The record of the best trial."""
        return min((t for t in self.trials if not t.failed), key=lambda t: (t.loss, t.number))


def search(
    frame: pd.DataFrame,
    label: str,
    time_column: str,
    families: Sequence[ModelFamily],
    plan: SearchPlan | None = None,
    *,
    on_trial: Callable[[Trial], None] | None = None,
) -> SearchResult:
    """Return the family and hyperparameters of the smallest mean log loss over time-ordered folds.

    Parameters
    ----------
    frame
        Inputs, `label` (0 or 1, no nulls) and `time_column` (no nulls). All other columns are inputs: numbers
        as float64, strings as objects.
    families
        At least one; names differ.
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
    Costs `trials` times folds fits. SparkTrials adds one to two seconds of polling to each round of `parallelism` trials.
    A trial that raises is recorded as failed and the search goes on.
    """
    plan = plan or SearchPlan()
    _check(frame, label, time_column, families)
    backend = _backend(plan)
    data = _trial_data(frame, label, time_column, plan)
    by_name = {family.name: family for family in families}
    trials = (_search_on_spark if backend == "spark" else _search_here)(data, by_name, plan, on_trial)
    records = tuple(_record(doc, by_name) for doc in sorted(_all(trials), key=lambda doc: doc["tid"]))
    succeeded = [trial for trial in records if not trial.failed and trial.loss is not None]
    if not succeeded:
        raise SearchFailedError(len(records), list(dict.fromkeys(t.error for t in records if t.error)))
    best = min(succeeded, key=lambda trial: (trial.loss, trial.number))
    assert best.loss is not None
    return SearchResult(best.family, best.params, best.loss, records, backend, len(data.inputs))


def _check(frame: pd.DataFrame, label: str, time_column: str, families: Sequence[ModelFamily]) -> None:
    missing = [name for name in (label, time_column) if name not in frame.columns]
    if missing:
        raise MissingColumnsError(missing, "the frame to search on", [str(c) for c in frame.columns])
    names = [family.name for family in families]
    if not names or len(set(names)) != len(names):
        raise InvalidInputError(f"Give at least one family, each name once; found {', '.join(names) or 'none'}.")


def _trial_data(frame: pd.DataFrame, label: str, time_column: str, plan: SearchPlan) -> TrialData:
    if plan.rows is not None and len(frame) > plan.rows:
        drawn = np.random.default_rng(plan.seed).choice(len(frame), size=plan.rows, replace=False)
        frame = frame.iloc[np.sort(drawn)]
    inputs = frame.drop(columns=[label, time_column]).reset_index(drop=True)
    folds = tuple(plan.folds.split(frame[time_column]))
    return TrialData(inputs, frame[label].to_numpy(dtype=np.int64), columns_of(inputs), folds)


def _backend(plan: SearchPlan) -> Literal["spark", "local"]:
    if plan.backend == "local":
        return "local"
    found = classic_session()
    if plan.backend == "spark":
        if isinstance(found, str):
            raise SparkContextError(found)
        return "spark"
    return "local" if isinstance(found, str) or plan.parallelism == 1 else "spark"


def _search_here(
    data: TrialData, families: Mapping[str, ModelFamily], plan: SearchPlan, on_trial: Callable[[Trial], None] | None
) -> Any:
    from hyperopt import Trials

    trials = Trials()
    watch = _Watch(families, on_trial)
    _minimise(lambda point: _evaluate(data, families, point), trials, families, plan, watch, timeout=plan.timeout)
    return trials


def _search_on_spark(
    data: TrialData, families: Mapping[str, ModelFamily], plan: SearchPlan, on_trial: Callable[[Trial], None] | None
) -> Any:
    from hyperopt import SparkTrials

    spark = classic_session()
    assert not isinstance(spark, str)
    context = spark.sparkContext
    broadcast = context.broadcast(data)
    with job_group(context), quiet():
        try:
            trials = SparkTrials(
                parallelism=plan.parallelism, timeout=plan.timeout, spark_session=DrainingSession(spark)
            )
            watch = _Watch(families, on_trial)
            _minimise(lambda point: _evaluate(broadcast.value, families, point), trials, families, plan, watch)
        finally:
            broadcast.destroy()
    return trials


def _minimise(
    objective: Callable[[Any], dict[str, Any]],
    trials: Any,
    families: Mapping[str, ModelFamily],
    plan: SearchPlan,
    watch: _Watch,
    timeout: int | None = None,
) -> None:
    from functools import partial

    from hyperopt import JOB_STATE_DONE, fmin, tpe
    from hyperopt.exceptions import AllTrialsFailed

    starts = _insert_starts(trials, families, plan)
    # In this process fmin runs inserted trials only along with one of its own.
    for family, doc in zip(
        (f for f in families.values() if f.start), starts if not trials.asynchronous else (), strict=False
    ):
        doc["result"] = objective({"family": family.name, "params": family.drawn_start})
        doc["state"] = JOB_STATE_DONE
        trials.refresh()
        watch(trials)
    with contextlib.suppress(AllTrialsFailed):  # said without traces; the caller has them
        fmin(
            objective,
            _compile(families),
            algo=partial(tpe.suggest, n_startup_jobs=plan.startup),
            max_evals=plan.trials,
            timeout=timeout,
            max_queue_len=plan.parallelism if trials.asynchronous else 1,
            trials=trials,
            rstate=np.random.default_rng(plan.seed),
            verbose=False,
            show_progressbar=False,
            return_argmin=False,
            early_stop_fn=watch,
        )
    watch(trials)
    if watch.error:
        raise watch.error


def _evaluate(data: TrialData, families: Mapping[str, ModelFamily], point: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trial's result as hyperopt keeps it; plain Python values only."""
    from hyperopt import STATUS_FAIL, STATUS_OK

    family = families[point["family"]]
    params = {name: dimension.value(point["params"][name]) for name, dimension in family.space.items()}
    outcome = run_trial(data, family, params)
    result = {
        "status": STATUS_FAIL if outcome.error else STATUS_OK,
        "family": family.name,
        "params": params,
        "fold_losses": list(outcome.losses),
        "fold_aucs": list(outcome.aucs),
        "seconds": outcome.seconds,
        "error": outcome.error,
    }
    return result if outcome.error else result | {"loss": float(np.mean(outcome.losses))}


def _compile(families: Mapping[str, ModelFamily]) -> Any:
    from hyperopt import hp

    branches = [
        {"family": f.name, "params": {name: d.expression(hp, f"{f.name}.{name}") for name, d in f.space.items()}}
        for f in families.values()
    ]
    return hp.choice("family", branches)


def _insert_starts(trials: Any, families: Mapping[str, ModelFamily], plan: SearchPlan) -> list[Any]:
    """Insert the families' starts as new trials and return them; those of other families' hyperparameters stay empty."""
    from hyperopt.fmin import generate_trial

    every = [f"{family.name}.{name}" for family in families.values() for name in family.space]
    docs: list[Any] = []
    for index, family in enumerate(families.values()):
        if not family.start or len(docs) == plan.trials:
            continue
        doc = generate_trial(len(docs), {"family": index} | dict.fromkeys(every))
        for label in every:
            name = label.removeprefix(f"{family.name}.")
            given = label.startswith(f"{family.name}.")
            doc["misc"]["idxs"][label] = [doc["tid"]] if given else []
            doc["misc"]["vals"][label] = [family.drawn_start[name]] if given else []
        docs.append(doc)
    trials._insert_trial_docs(docs)  # noqa: SLF001 - the public insert draws ids of its own
    trials._ids.update(doc["tid"] for doc in docs)  # noqa: SLF001
    trials.refresh()
    return docs


def _all(trials: Any) -> list[Any]:
    """Return the trials' documents; hyperopt's own list leaves out those that failed or were cancelled on Spark."""
    return list(trials._dynamic_trials)  # noqa: SLF001


def _record(doc: Mapping[str, Any], families: Mapping[str, ModelFamily]) -> Trial:
    """Return a trial's record; one that never came back has the error that SparkTrials keeps beside the result."""
    result = doc["result"]
    if "family" in result:
        return Trial(
            number=doc["tid"],
            family=result["family"],
            params=result["params"],
            status=str(result["status"]),
            loss=result.get("loss"),
            roc_auc=float(np.mean(result["fold_aucs"])) if result["fold_aucs"] else None,
            fold_losses=tuple(result["fold_losses"]),
            fold_aucs=tuple(result["fold_aucs"]),
            seconds=result["seconds"],
            error=result["error"],
        )
    drawn = {label: values[0] for label, values in doc["misc"]["vals"].items() if values}
    family = list(families.values())[int(drawn.pop("family"))]
    params = {}
    for name, dimension in family.space.items():
        params[name] = dimension.value(drawn[f"{family.name}.{name}"])
    lost = "\n".join(str(part) for part in doc["misc"].get("error", ("The trial did not end", "it was cancelled")))
    return Trial(number=doc["tid"], family=family.name, params=params, status="cancelled", error=lost)


class _Watch:
    """A stop function that never stops, and reports each finished trial once."""

    def __init__(self, families: Mapping[str, ModelFamily], on_trial: Callable[[Trial], None] | None) -> None:
        self._families, self._on_trial, self._seen = families, on_trial, set[int]()
        self.error: Exception | None = None

    def __call__(self, trials: Any, *_: Any) -> tuple[bool, list[Any]]:
        for doc in list(trials.trials):
            if self._on_trial is None or self.error or "family" not in doc["result"] or doc["tid"] in self._seen:
                continue
            self._seen.add(doc["tid"])
            try:
                self._on_trial(_record(doc, self._families))
            except Exception as error:  # noqa: BLE001 - raised here it would end SparkTrials' dispatcher, and fmin would wait for ever
                self.error = error
        return False, []
