"""The search by hyperopt's SparkTrials as it is shipped, for who wants it: ``SearchPlan(backend="sparktrials")``.

It is used with these ways round what was met:

- A trial never raises in its worker: its trace comes back as a result. SparkTrials would keep only the exception's class.
- Its task leaves the Spark task's input unread, after which PySpark throws the Python worker away, and each trial would
  import everything again (2 to 4 s). It is given a context whose tasks read their input to the end.
- Its cancelling ends every job of the caller's job group: it gets a group of its own.
- ``points_to_evaluate`` is ignored by it: the families' starts are inserted as trials before the search begins.
- hyperopt's ``no_progress_loss`` hangs with it: the only stop function used here reads finished trials and never stops.
- It polls: each round of `parallelism` trials takes one to two seconds more than its trials.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater.training.models.families import ModelFamily
from headwater.training.models.nested import drawn_of, every_label, flat_point, params_of
from headwater.training.search.hyperopt_engine import compiled
from headwater.training.search.hyperopt_spark import DrainingSession, job_group, quiet
from headwater.training.search.trial import Trial, TrialData, run_trial

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.training.search.search import SearchPlan

__all__ = ["run_by_spark_trials"]


def run_by_spark_trials(
    spark: SparkSession,
    data: TrialData,
    families: Mapping[str, ModelFamily],
    plan: SearchPlan,
    on_trial: Callable[[Trial], None] | None,
) -> list[Trial]:
    """Run the trials of a plan, and return their records in the order of suggestion."""
    from hyperopt import SparkTrials

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
    return [_record(doc, families) for doc in sorted(_all(trials), key=lambda doc: int(doc["tid"]))]


def _minimise(
    objective: Callable[[Any], dict[str, Any]],
    trials: Any,
    families: Mapping[str, ModelFamily],
    plan: SearchPlan,
    watch: _Watch,
) -> None:
    from functools import partial

    from hyperopt import fmin, tpe
    from hyperopt.exceptions import AllTrialsFailed

    _insert_starts(trials, families, plan)
    with contextlib.suppress(AllTrialsFailed):  # said without traces; the caller has them
        fmin(
            objective,
            compiled(families),
            algo=partial(tpe.suggest, n_startup_jobs=plan.startup),
            max_evals=plan.trials,
            max_queue_len=plan.parallelism,
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
    params = flat_point(family.space, point["params"])
    outcome = run_trial(data, family, params)
    result = {
        "status": STATUS_FAIL if outcome.error else STATUS_OK,
        "family": family.name,
        "params": params,
        "fold_losses": list(outcome.losses),
        "fold_rankings": list(outcome.rankings),
        "seconds": outcome.seconds,
        "error": outcome.error,
    }
    return result if outcome.error else result | {"loss": float(np.mean(outcome.losses))}


def _insert_starts(trials: Any, families: Mapping[str, ModelFamily], plan: SearchPlan) -> None:
    """Insert the families' starts as new trials; those of other families' hyperparameters stay empty."""
    from hyperopt.fmin import generate_trial

    every = [label for family in families.values() for label in every_label(family.space, f"{family.name}.")]
    docs: list[Any] = []
    for index, family in enumerate(families.values()):
        if not family.start or len(docs) == plan.trials:
            continue
        doc = generate_trial(len(docs), {"family": index} | dict.fromkeys(every))
        drawn = drawn_of(family.space, family.start, f"{family.name}.")
        for label in every:
            doc["misc"]["idxs"][label] = [doc["tid"]] if label in drawn else []
            doc["misc"]["vals"][label] = [drawn[label]] if label in drawn else []
        docs.append(doc)
    trials._insert_trial_docs(docs)  # noqa: SLF001 - the public insert draws ids of its own
    trials._ids.update(doc["tid"] for doc in docs)  # noqa: SLF001
    trials.refresh()


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
            ranking=float(np.mean(result["fold_rankings"])) if result["fold_rankings"] else None,
            fold_losses=tuple(result["fold_losses"]),
            fold_rankings=tuple(result["fold_rankings"]),
            seconds=result["seconds"],
            error=result["error"],
        )
    drawn = {label: values[0] for label, values in doc["misc"]["vals"].items() if values}
    family = list(families.values())[int(drawn.pop("family"))]
    params = params_of(family.space, drawn, f"{family.name}.")
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
