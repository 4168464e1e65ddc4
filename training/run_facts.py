"""What a training leaves in its run and on the registry's pages: parameters, tables, figures, pages and cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from headwater.training.card import TrainingFacts, model_card, version_card
from headwater.training.evaluation import Evaluation
from headwater.training.models.families import Columns
from headwater.training.overview.challenge_page import challenge_page
from headwater.training.overview.search_page import search_page
from headwater.training.plan import TrainingPlan
from headwater.training.problems import plots
from headwater.training.registry.descriptions import CARD_LIMIT, NOTE_LIMIT, with_card
from headwater.training.search.search import SearchResult

if TYPE_CHECKING:
    from mlflow import ActiveRun, MlflowClient

__all__ = ["CHALLENGE_PAGE", "SEARCH_PAGE", "describe", "log_facts", "table_versions"]

SEARCH_PAGE, CHALLENGE_PAGE = "overview/search.html", "overview/champion_and_challenger.html"


def table_versions(training_set: object) -> Mapping[str, Any]:
    """Return the version of each table that a training set was looked up from; none where it has no feature spec."""
    found = getattr(getattr(training_set, "feature_spec", None), "table_versions", None)
    return found if isinstance(found, Mapping) else {}


def log_facts(
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
    mlflow.log_text(search_page(found, plan.searched_families), SEARCH_PAGE)


def describe(
    client: MlflowClient,
    run: ActiveRun,
    facts: TrainingFacts,
    version: str,
    training_set: object,
    holdout: pd.DataFrame,
) -> None:
    """Write the cards of the run, the version and the model, which the decision then heads with its own line.

    Where the version was compared with a champion, the page of both is logged into the active run.
    """
    import mlflow

    page = challenge_page(facts.evaluation, holdout, facts.plan, version)
    if page:
        mlflow.log_text(page, CHALLENGE_PAGE)
    name, link = facts.plan.model_name, f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    client.set_tag(run.info.run_id, "mlflow.note.content", version_card(facts, most=NOTE_LIMIT))
    client.update_model_version(name, version, description=version_card(facts, run=link, most=CARD_LIMIT))
    required = getattr(getattr(training_set, "feature_spec", None), "required", ())
    before = client.get_registered_model(name).description or ""
    client.update_registered_model(name, with_card(before, model_card(facts.plan, facts.tables, required)))
