"""From a training set to a registered, judged model: read, search, fit, evaluate, log, judge, promote."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from headwater.lakehouse import Settings
from headwater.training.card import TrainingFacts
from headwater.training.evaluation import Evaluation, evaluate, load_judged
from headwater.training.judging.evidence import Verdict
from headwater.training.judging.importance import permutation_importance
from headwater.training.judging.leakage import lone_scores, suspects
from headwater.training.last_checks import last_checks
from headwater.training.models.families import Columns
from headwater.training.plan import TrainingPlan, TrainingResult
from headwater.training.problems.problem import Problem
from headwater.training.registry import packaging, registry
from headwater.training.registry.decided import log_predictions
from headwater.training.registry.tracking import (
    begin_search,
    log_history,
    log_metrics,
    log_sources,
    log_trial,
    start_run,
    use_store,
)
from headwater.training.registry.warm_start import warmed
from headwater.training.run_facts import describe, log_facts, table_versions
from headwater.training.search.search import SearchResult
from headwater.training.search.trial import Trial
from headwater.training.sources import REQUIREMENTS, Source, source_of

if TYPE_CHECKING:
    from mlflow import ActiveRun, MlflowClient
    from mlflow.models import ModelSignature
    from pyspark.sql import DataFrame

__all__ = ["TrainingSet", "signature_of", "train", "versions_used"]


class TrainingSet(Protocol):
    """What `train` needs of a training set, such as `features.TrainingSet`: its rows, and its feature spec.

    A true attribute `stored` says that the rows lie in a table and need not be kept while they are counted and read.
    """

    def load_df(self) -> DataFrame:
        """Return the rows: inputs, label, time and ids."""
        ...


def train(
    training_set: TrainingSet,
    *,
    plan: TrainingPlan,
    settings: Settings | None = None,
    log_model: Callable[..., Any] | None = None,
    load_model: Callable[[str], Any] | None = None,
    progress: Callable[[str, str], None] | None = None,
) -> TrainingResult:
    """Search, fit, evaluate on the holdout, log, register, and let the gate decide who is champion.

    The version becomes ``challenger`` when it is registered. If the gate passes and the plan says so, it becomes ``champion`` and
    the champion so far ``previous_champion``; otherwise the reason is written down and the champion stays.

    Parameters
    ----------
    training_set
        `load_df()` gives the rows; its `feature_spec`, if it has one, is logged with the model.
    log_model
        Called within the run with keyword arguments, like ``headwater.training.log_model``, which is the default; gives an object
        with `model_uri` and `registered_model_version`.
    load_model
        From a model's URI to the fitted model, which answers frames; for the champion.
    progress
        Called with a step and a detail at each step's end and after each trial, from other threads too.

    Raises
    ------
    RowLimitError
        If the training set has more rows than ``settings.pandas_row_limit``.
    TrainingDataError
        If a split is empty or a label is none of the problem's.
    SearchFailedError
        If every trial failed.

    Notes
    -----
    Leaves one run with a nested run per trial, also if the gate refuses: a refusal is a result. An error in any step ends the
    run as FAILED and moves no alias. Among the run's artefacts are two pages, ``overview/search.html`` and, where there is a
    champion, ``overview/champion_and_challenger.html``, which MLflow's viewer shows without a network.
    """
    settings = settings or Settings()
    steps = _Steps(progress)
    log_model, load_model = log_model or packaging.log_model, load_model or load_judged
    client = use_store(settings)
    with (
        contextlib.ExitStack() as open_until_end,
        start_run(settings, plan.experiment_name, name=plan.run_name, tags=_tags(plan)) as run,
    ):
        with steps("read") as say:
            stored = bool(getattr(training_set, "stored", False))
            source = source_of(training_set.load_df(), plan, settings, stored=stored)
            open_until_end.callback(source.close)
            rows, holdout, columns = source.rows, source.holdout, source.columns
            labels = plan.problem.labels(rows[plan.label])
            plan.problem.settled(labels)  # before the search: rows that cannot be learnt from are said at once
            say(f"{source.fitted_on[0]:,} training rows, {len(holdout):,} holdout rows, {len(columns.all)} inputs")
        with steps("search") as say:
            found = _search(client, run, source, plan, settings, steps, say)
        with steps("fit") as say:
            family = next(family for family in plan.searched_families if family.name == found.family)
            model = source.fit(family, found.params)
            say(f"{found.family} on {source.fitted_on[0]:,} rows")
        with steps("evaluate") as say:
            evaluation = evaluate(model, columns.all, rows, holdout, plan, settings=settings, load_model=load_model)
            problem = evaluation.problem
            importance = permutation_importance(model, holdout[columns.all], evaluation.label, problem=problem)
            lone = lone_scores(rows, holdout, columns, (labels, evaluation.label), problem)
            suspected = suspects(lone)
            verdict = plan.checks.judge(evaluation.evidence)
            say(", ".join(f"{name} {values[problem.loss]:.4g}" for name, values in evaluation.metrics.items()))
            for name, score in suspected.items():
                say(f"; {name} alone has a {problem.ranking.replace('_', ' ')} of {score:.3f}: does it know the label?")
        with steps("log") as say:
            log_metrics(client, run.info.run_id, evaluation.metrics)
            log_sources(source.seen(), table_versions(training_set))
            log_facts(plan, found, columns, evaluation, importance)
            predictions = _predictions(plan, holdout, evaluation)
            if "headwater.training" in plan.tags:
                log_predictions(predictions)
            say(f"run {run.info.run_id} with {len(found.trials)} nested runs")
        with steps("register") as say:
            logged = _register(log_model, source, model, training_set, plan)
            number = str(logged.registered_model_version)
            say(f"{plan.model_name} version {number}")
        with steps("decide") as say:
            registry.challenge(plan.model_name, number, settings=settings)
            verdict = last_checks(verdict, plan, evaluation, number, model, holdout[columns.all], settings, load_model)
            facts = TrainingFacts(
                plan=plan,
                rows=rows,
                inputs=columns.all,
                tables=table_versions(training_set),
                search=found,
                evaluation=evaluation,
                importance=importance,
                verdict=verdict,
                suspects=suspected,
                fitted_on=source.fitted_on,
            )
            describe(client, run, facts, number, training_set, holdout)
            log_history(client, run.info.experiment_id, plan.model_name, number, evaluation.metrics)
            promoted = _decide(plan, number, verdict, settings)
            say(verdict.reason)
        log_metrics(client, run.info.run_id, {"seconds": steps.seconds})
    return TrainingResult(
        run_id=run.info.run_id,
        model_name=plan.model_name,
        version=number,
        model_uri=str(logged.model_uri),
        metrics=evaluation.metrics,
        verdict=verdict,
        promoted=promoted,
        search=found,
        predictions=predictions,
        slices=evaluation.slices,
        months=evaluation.months,
        importance=importance,
        seconds=dict(steps.seconds),
    )


def signature_of(columns: Columns, problem: Problem) -> ModelSignature:
    """Return the signature: inputs as double or string, none required to be present, and the problem's outputs."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec

    inputs: list[ColSpec | TensorSpec] = [ColSpec(DataType.double, name, required=False) for name in columns.numeric]
    inputs += [ColSpec(DataType.string, name, required=False) for name in columns.strings]
    return ModelSignature(inputs=Schema(inputs), outputs=problem.outputs())


class _Steps:
    """Times the steps and reports them."""

    def __init__(self, progress: Callable[[str, str], None] | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress or (lambda _step, _detail: None)

    @contextlib.contextmanager
    def __call__(self, step: str) -> Iterator[Callable[[str], None]]:
        said: list[str] = []
        began = time.perf_counter()
        yield said.append
        self.seconds[step] = time.perf_counter() - began
        self._progress(step, f"{' '.join(said)} ({self.seconds[step]:.1f} s)")

    def trial(self, trial: Trial) -> None:
        """Report a trial that has ended."""
        outcome = f"loss {trial.loss:.4g}" if trial.loss is not None else trial.error.strip().rpartition("\n")[2]
        self._progress("trial", f"{trial.number} {trial.family}: {outcome} ({trial.seconds:.1f} s)")


def _search(
    client: MlflowClient,
    run: ActiveRun,
    source: Source,
    plan: TrainingPlan,
    settings: Settings,
    steps: _Steps,
    say: Callable[[str], None],
) -> SearchResult:
    """Search, each trial a nested run as soon as it has ended; go on from the trials of the same search that was interrupted."""
    problem = plan.problem
    logged: set[int] = set()

    def ended(trial: Trial) -> None:
        log_trial(client, run, trial, problem.ranking)
        logged.add(trial.number)
        steps.trial(trial)

    families = plan.searched_families
    if plan.warm_start:
        families = warmed(families, client, plan.model_name, settings)
    known = begin_search(client, run, source.digest(families), problem.ranking)
    found = source.search(families, known, ended)
    for trial in found.trials:
        if trial.number not in logged:  # cancelled, or lost by SparkTrials
            log_trial(client, run, trial, problem.ranking)
    taken = 0 if found.backend == "sparktrials" else sum(trial.number in known for trial in found.trials)
    say(
        f"{len(found.trials)} trials on {found.rows:,} rows, best {found.family} with {problem.loss.replace('_', ' ')} "
        f"{found.loss:.4g}" + (f"; {taken} of them are those of a search that was interrupted" if taken else "")
    )
    return found


def _ids(plan: TrainingPlan) -> list[str]:
    return [name for name in dict.fromkeys(plan.exclude) if name not in {plan.time_column, plan.label}]


def _tags(plan: TrainingPlan) -> dict[str, str]:
    reason = {"headwater.reason": plan.reason} if plan.reason else {}
    return {"headwater.model_name": plan.model_name, "headwater.versions": versions_used(), **reason, **plan.tags}


def versions_used() -> str:
    """Return the versions of what a model depends on, as a text."""
    return ", ".join(f"{name} {installed(name)}" for name in ("headwater", *REQUIREMENTS))


def _register(
    log_model: Callable[..., Any], source: Source, model: Any, training_set: TrainingSet, plan: TrainingPlan
) -> Any:
    return log_model(
        artifact_path="model",
        training_set=training_set,
        registered_model_name=plan.model_name,
        signature=signature_of(source.columns, plan.problem),
        input_example=source.rows[source.columns.all].tail(5),
        **source.logged(model),
    )


def _decide(plan: TrainingPlan, version: str, verdict: Verdict, settings: Settings) -> bool:
    """Move the aliases by the verdict, and write it into the active run; return whether the version is champion."""
    import mlflow

    mlflow.log_text(verdict.to_json(), "gate.json")
    gate = "passed" if verdict.passed else "refused"
    mlflow.set_tags({"headwater.gate": gate, "headwater.verdict": verdict.reason[:5000], "headwater.version": version})
    promoted = verdict.passed and plan.promote
    if promoted or not verdict.passed:
        decide = registry.promote if promoted else registry.refuse
        decide(plan.model_name, version, reason=verdict.reason, table=plan.promotion_table, settings=settings)
    mlflow.set_tag("headwater.promoted", str(promoted).lower())
    return promoted


def _predictions(plan: TrainingPlan, holdout: pd.DataFrame, evaluation: Evaluation) -> pd.DataFrame:
    kept, problem = holdout[[*_ids(plan), plan.time_column, plan.label]], evaluation.problem
    for name, answers in evaluation.answers.items():
        kept = kept.assign(**problem.columns(name, answers))
    return kept
