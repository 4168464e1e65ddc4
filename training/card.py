"""Cards of models and their versions, in Markdown: what a reviewer needs to decide without opening anything else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from headwater.training.evaluation import Evaluation
from headwater.training.judging.evidence import Verdict
from headwater.training.plan import TrainingPlan
from headwater.training.search.search import SearchResult

__all__ = ["TrainingFacts", "model_card", "version_card"]

_SLICES, _INPUTS = 8, 10


@dataclass(frozen=True)
class TrainingFacts:
    """What a card tells of a training.

    Attributes
    ----------
    rows
        The training rows, or a sample of them.
    fitted_on
        How many training rows there are, and their first and last time.
    inputs
        Names of the model's inputs.
    tables
        Version of each Delta table that the rows were looked up from.
    suspects
        Inputs that alone predict the label nearly perfectly, with their score.
    """

    plan: TrainingPlan
    rows: pd.DataFrame
    inputs: Sequence[str]
    tables: Mapping[str, Any]
    search: SearchResult
    evaluation: Evaluation
    importance: pd.DataFrame
    verdict: Verdict
    suspects: Mapping[str, float]
    fitted_on: tuple[int, pd.Timestamp, pd.Timestamp]


def version_card(facts: TrainingFacts, *, run: str = "", most: int = 1_000_000) -> str:
    """Return the card of a version; sections that do not fit into `most` characters are left out, the last ones first.

    Parameters
    ----------
    run
        Link to the run, which has the whole card; named where a section is left out.
    """
    sections = [
        _gate(facts.verdict),
        _metrics(facts),
        _change(facts),
        _data(facts),
        _limits(facts),
        _slices(facts),
        _importance(facts),
        _search(facts.search),
    ]
    more = f"More is in [the run's description]({run})." if run else "More is in the run's description."
    kept: list[str] = []
    for section in filter(None, sections):
        if len("\n\n".join([*kept, section, more])) > most:
            return "\n\n".join([*kept, more])
        kept.append(section)
    return "\n\n".join(kept)


def model_card(plan: TrainingPlan, tables: Iterable[str], required: Sequence[str]) -> str:
    """Return the card of a registered model: what it predicts, of what, and how to score with it.

    Parameters
    ----------
    tables
        Feature tables that it looks up.
    required
        Columns that the rows to be scored must have.
    """
    looked_up = ", ".join(f"`{name}`" for name in tables)
    needs = ", ".join(f"`{name}`" for name in required)
    uri = f"models:/{plan.model_name}@champion"
    lines = [
        plan.description,
        f"Gives, for each row, {plan.problem.gives(plan.label)}, as of its `{plan.time_column}` (UTC).",
        f"Looks its features up in {looked_up}." if looked_up else "",
        f"Rows to be scored must have {needs}." if needs else "",
        f'```python\nFeatureEngineeringClient().score_batch(model_uri="{uri}", df=rows)\n```',
        f"```shell\nheadwater serve --model {uri}\n```",
    ]
    return "\n\n".join(filter(None, lines))


def _gate(verdict: Verdict) -> str:
    rows = [
        (check.name, _number(check.found), check.required, "passed" if check.passed else "**refused**")
        for check in verdict.checks
    ]
    failed = [check.sentence for check in verdict.checks if not check.passed]
    said = " ".join(failed) or f"All {len(rows)} checks passed." if rows else "No check was made."
    return f"### Gate\n\n{said}\n\n{_table(('check', 'found', 'required', ''), rows)}"


def _metrics(facts: TrainingFacts) -> str:
    metrics, compared = facts.evaluation.metrics, facts.evaluation.evidence.champion
    titles = {"model": "**this version**", "champion": f"champion (version {compared.version})"}
    names = sorted(metrics, key=lambda name: ("model", "champion").index(name) if name in titles else 2)
    rows = [
        (text, *(_number(metrics[name].get(key)) for name in names))
        for key, text in facts.evaluation.problem.titles.items()
    ]
    rows = [row for row in rows if any(row[1:])]
    return f"### Metrics on the holdout\n\n{_table(('', *(titles.get(name, name) for name in names)), rows)}"


def _change(facts: TrainingFacts) -> str:
    champion = facts.evaluation.evidence.champion
    if champion.state == "none":
        return "### Since the champion\n\nThere was no champion to compare with."
    if champion.difference is None:
        return f"### Since the champion\n\nVersion {champion.version} could not be compared: {champion.reason[:300]}"
    one = champion.difference
    return (
        f"### Since the champion\n\nThe {one.metric.replace('_', ' ')} differs by {one.difference:+.4g} from version "
        f"{champion.version}'s on the same rows (95 % interval {one.low:+.4g} to {one.high:+.4g}); this version is the better "
        f"one in {one.better:.0%} of {one.resamples} resamples."
    )


def _data(facts: TrainingFacts) -> str:
    plan, problem, (count, first, last) = facts.plan, facts.evaluation.problem, facts.fitted_on
    trained_on = problem.of_rows(plan.label, problem.labels(facts.rows[plan.label]))
    fitted = f"- Fitted on {count:,} rows from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC, {trained_on}."
    judged = (
        f"- Judged on {len(facts.evaluation.label):,} rows from {plan.holdout.start:%Y-%m-%d %H:%M} to "
        f"{plan.holdout.end:%Y-%m-%d %H:%M} UTC (exclusive), {problem.of_rows(plan.label, facts.evaluation.label)}."
    )
    tables = [(f"`{name}`", str(version)) for name, version in facts.tables.items()]
    listed = f"\n\n{_table(('feature table', 'Delta version'), tables)}" if tables else ""
    return f"### Data\n\n{fitted}\n{judged}{listed}"


def _limits(facts: TrainingFacts) -> str:
    plan, metrics = facts.plan, facts.evaluation.metrics["model"]
    lines = [f"- {sentence}" for sentence in facts.evaluation.problem.limits(metrics)]
    lines.append(
        f"- Slices of fewer than {plan.checks.slice_rows:,} rows were not judged."
        if plan.slices
        else "- No slices were judged."
    )
    metric = facts.evaluation.problem.ranking.replace("_", " ")
    lines += [
        f"- **`{name}` alone has a {metric} of {score:.3f}: does it know the label?**"
        for name, score in facts.suspects.items()
    ]
    empty = [name for name in facts.inputs if not facts.rows[name].notna().any()]
    if empty:
        lines.append("- Without any value in training: " + ", ".join(f"`{name}`" for name in empty) + ".")
    return "### Known limits\n\n" + "\n".join(lines)


def _slices(facts: TrainingFacts) -> str:
    table = facts.evaluation.evidence.slices
    table = table[table["rows"] >= facts.plan.checks.slice_rows]
    if table.empty:
        return ""
    worst = table.assign(more=table["loss_model"] - table["loss_reference"]).nlargest(_SLICES, "more")
    names, sizes = worst["slice"] + " = " + worst["group"], worst["rows"].map("{:,}".format)
    problem = facts.evaluation.problem
    summaries = list(problem.summary(facts.evaluation.label))
    level = "{:.1%}".format if problem.level_is_share else "{:.4g}".format
    columns = [*(worst[column].map(level) for column in summaries), worst["loss_model"].map("{:.4g}".format)]
    rows = zip(names, sizes, *columns, worst["more"].map("{:+.4g}".format), strict=True)
    heads = (one.replace("_", " ") for one in (*summaries, problem.loss))
    return "### Slices that fare worst\n\n" + _table(("slice", "rows", *heads, "more than the reference's"), rows)


def _importance(facts: TrainingFacts) -> str:
    top = facts.importance.head(_INPUTS)
    rows = [(f"`{one.feature}`", f"{one.importance:.4f}") for one in top.itertuples()]
    return (
        f"### Inputs\n\nThe {len(rows)} of {len(facts.inputs)} on which it leans most, by the growth of the loss when their "
        f"values are shuffled:\n\n{_table(('input', 'importance'), rows)}"
    )


def _search(search: SearchResult) -> str:
    params = ", ".join(f"{name} = {_number(value)}" for name, value in search.params.items())
    failed = sum(trial.failed for trial in search.trials)
    return (
        f"### Search\n\n`{search.family}` with {params or 'no parameters'}: the best of {len(search.trials)} trials on "
        f"{search.rows:,} rows, {failed} of which failed. The trials are the run's nested runs."
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    space = "\u00a0\u00a0"  # MLflow's pages leave none between columns
    cells = [[cell.replace("|", "\\|") + space for cell in line] for line in (head, *rows)]
    lines = [cells[0], ["---"] * len(head), *cells[1:]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: Any) -> str:
    """Return a number with four significant digits; empty for none."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
