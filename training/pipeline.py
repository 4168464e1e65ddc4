"""From a training set to a registered, judged model: read, search, fit, evaluate, log, judge, promote."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version as installed
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from headwater.lakehouse import Settings
from headwater.training.card import TrainingFacts, model_card, version_card
from headwater.training.data.pandas_rows import columns_of, to_pandas, weights_of
from headwater.training.evaluation import Evaluation, evaluate, load_sklearn
from headwater.training.judging.evidence import Verdict
from headwater.training.judging.importance import permutation_importance
from headwater.training.judging.leakage import lone_scores, suspects
from headwater.training.last_checks import last_checks
from headwater.training.models.families import Columns
from headwater.training.plan import TrainingPlan, TrainingResult
from headwater.training.problems import plots
from headwater.training.problems.problem import Problem
from headwater.training.registry import packaging, registry
from headwater.training.registry.decided import log_predictions
from headwater.training.registry.descriptions import CARD_LIMIT, NOTE_LIMIT, with_card
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
from headwater.training.search.digest import search_digest
from headwater.training.search.search import SearchResult, search
from headwater.training.search.trial import Trial, fit

if TYPE_CHECKING:
    from mlflow import ActiveRun, MlflowClient
    from mlflow.models import ModelSignature
    from pyspark.sql import DataFrame

__all__ = ["TrainingSet", "signature_of", "train", "versions_used"]

_REQUIREMENTS = ("cloudpickle", "numpy", "pandas", "scikit-learn")


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
        From a model's URI to the fitted scikit-learn model; for the champion.
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
    run as FAILED and moves no alias.
    """
    settings = settings or Settings()
    steps = _Steps(progress)
    log_model, load_model = log_model or packaging.log_model, load_model or load_sklearn
    client = use_store(settings)
    with start_run(settings, plan.experiment_name, name=plan.run_name, tags=_tags(plan)) as run:
        with steps("read") as say:
            frame = to_pandas(
                training_set.load_df(),
                label=plan.label,
                time_column=plan.time_column,
                exclude=plan.exclude,
                problem=plan.problem,
                row_limit=settings.pandas_row_limit,
                stored=bool(getattr(training_set, "stored", False)),
            )
            before, after = plan.holdout.split(frame[plan.time_column])
            rows, holdout = frame.iloc[before].reset_index(drop=True), frame.iloc[after].reset_index(drop=True)
            labels = plan.problem.labels(rows[plan.label])
            plan.problem.settled(labels)  # before the search: rows that cannot be learnt from are said at once
            columns = columns_of(rows.drop(columns=[plan.label, plan.time_column, *_ids(plan)]))
            say(f"{len(rows):,} training rows, {len(holdout):,} holdout rows, {len(columns.all)} inputs")
        with steps("search") as say:
            found = _search(client, run, rows, columns, plan, settings, steps, say)
        with steps("fit") as say:
            family = next(family for family in plan.searched_families if family.name == found.family)
            model = fit(family, found.params, columns, rows, plan.problem.to_fit(labels), weights_of(rows, plan.weight))
            say(f"{found.family} on {len(rows):,} rows")
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
            log_sources({"training": rows, "holdout": holdout}, _table_versions(training_set))
            _log_facts(plan, found, columns, evaluation, importance)
            predictions = _predictions(plan, holdout, evaluation)
            if "headwater.training" in plan.tags:
                log_predictions(predictions)
            say(f"run {run.info.run_id} with {len(found.trials)} nested runs")
        with steps("register") as say:
            logged = _register(log_model, model, training_set, plan, columns, rows)
            number = str(logged.registered_model_version)
            say(f"{plan.model_name} version {number}")
        with steps("decide") as say:
            registry.challenge(plan.model_name, number, settings=settings)
            verdict = last_checks(verdict, plan, evaluation, number, model, holdout[columns.all], settings, load_model)
            facts = TrainingFacts(
                plan=plan,
                rows=rows,
                inputs=columns.all,
                tables=_table_versions(training_set),
                search=found,
                evaluation=evaluation,
                importance=importance,
                verdict=verdict,
                suspects=suspected,
            )
            _describe(client, run, facts, number, training_set)
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
    rows: pd.DataFrame,
    columns: Columns,
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

    beside = dict.fromkeys(name for name in (plan.search.folds.group, plan.weight) if name)
    rows = rows[[*columns.all, plan.label, plan.time_column, *beside]]
    families = plan.searched_families
    if plan.warm_start:
        families = warmed(families, client, plan.model_name, settings)
    digest = search_digest(rows, families, plan.search, problem)
    known = begin_search(client, run, digest, problem.ranking)
    found = search(
        rows,
        plan.label,
        plan.time_column,
        families,
        plan.search,
        problem=problem,
        weight=plan.weight,
        known=known,
        on_trial=ended,
    )
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
    return ", ".join(f"{name} {installed(name)}" for name in ("headwater", *_REQUIREMENTS))


def _table_versions(training_set: object) -> Mapping[str, Any]:
    found = getattr(getattr(training_set, "feature_spec", None), "table_versions", None)
    return found if isinstance(found, Mapping) else {}


def _log_facts(
    plan: TrainingPlan,
    found: SearchResult,
    columns: Columns,
    evaluation: Evaluation,
    importance: pd.DataFrame,
) -> None:
    """Log parameters, tables and figures into the active run."""
    import mlflow

    split = {"holdout_start": plan.holdout.start, "holdout_end": plan.holdout.end, "gap": plan.holdout.gap}
    how = {"backend": found.backend, "search_rows": found.rows, "trials": len(found.trials), "seed": plan.search.seed}
    mlflow.log_params({"family": found.family, **found.params, **split, **how, "inputs": len(columns.all)})
    for name, table in (("slices", evaluation.slices), ("months", evaluation.months), ("importance", importance)):
        mlflow.log_text(table.to_csv(index=False), f"tables/{name}.csv")
    problem = evaluation.problem
    growth = f"{problem.loss.replace('_', ' ')} when shuffled" + (
        f" ({problem.unit})" if problem.loss == "log_loss" else ""
    )
    figures = {
        **problem.figures(evaluation.label, evaluation.answers),
        "feature_importance": plots.feature_importance(importance, growth=growth),
    }
    for name, figure in figures.items():
        mlflow.log_figure(figure, f"plots/{name}.png")


def _register(
    log_model: Callable[..., Any],
    model: Any,
    training_set: TrainingSet,
    plan: TrainingPlan,
    columns: Columns,
    rows: pd.DataFrame,
) -> Any:
    import mlflow.sklearn

    # It warns of pickles; MLflow's default, skops, refuses histogram boosting and imputers.
    logging.getLogger("mlflow.sklearn").setLevel(logging.ERROR)
    return log_model(
        model=model,
        artifact_path="model",
        flavor=mlflow.sklearn,
        training_set=training_set,
        registered_model_name=plan.model_name,
        signature=signature_of(columns, plan.problem),
        input_example=rows[columns.all].tail(5),
        pip_requirements=[f"{name}=={installed(name)}" for name in _REQUIREMENTS],
        serialization_format="cloudpickle",
        pyfunc_predict_fn=plan.problem.method,
    )


def _describe(
    client: MlflowClient, run: ActiveRun, facts: TrainingFacts, version: str, training_set: TrainingSet
) -> None:
    """Write the cards of the run, the version and the model, which the decision then heads with its own line."""
    name, link = facts.plan.model_name, f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    client.set_tag(run.info.run_id, "mlflow.note.content", version_card(facts, most=NOTE_LIMIT))
    client.update_model_version(name, version, description=version_card(facts, run=link, most=CARD_LIMIT))
    required = getattr(getattr(training_set, "feature_spec", None), "required", ())
    before = client.get_registered_model(name).description or ""
    client.update_registered_model(name, with_card(before, model_card(facts.plan, facts.tables, required)))


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
