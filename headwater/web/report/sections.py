"""What was built, how good it is, and how the data moved: three sections of the report."""

from __future__ import annotations

import pandas as pd

from headwater.project import Project
from headwater.training import Problem
from headwater.web.report.causes import causes
from headwater.web.report.drift_charts import drift_charts
from headwater.web.report.facts import Facts, FeatureTable
from headwater.web.report.judged import HOLDOUT
from headwater.web.report.markup import Html, charts, element, folded, paragraphs, section, table
from headwater.web.report.models import ModelVersion
from headwater.web.report.quality_charts import quality_charts
from headwater.web.report.wording import count_of, date, month, name_of, number, span, summary_text

__all__ = ["built", "drifted", "quality"]


def built(facts: Facts) -> Html:
    """Return feature tables and model versions."""
    features = paragraphs(["No feature table has been written yet."])
    if facts.features:
        total = sum(one.features for one in facts.features)
        features = table(
            f"{count_of(len(facts.features), 'feature table')} with {count_of(total, 'feature')}",
            ["Table", "Rows", "Features", "Keys", "Computed for", "Delta version"],
            [_feature_row(one) for one in facts.features],
            text=["Keys", "Computed for"],
        )
    models = paragraphs(["No model has been registered yet."])
    if facts.versions:
        models = table(
            f"{count_of(len(facts.versions), 'version')} of {facts.project.model_name}",
            ["Version", "Alias", "Judged on", *facts.project.problem.shown.values(), "Why trained", "Gate"],
            [_version_row(one, facts.project.problem) for one in facts.versions],
            text=["Alias", "Judged on", "Why trained", "Gate"],
        )
    return section("What was built", features, models, paragraphs(_served(facts.requests)))


def _served(requests: pd.DataFrame) -> list[str]:
    """Return a line on what the endpoint was asked; none where it was not."""
    if requests.empty:
        return []
    answered = requests[requests["status_code"] == 200]
    versions = sorted(
        {str(one).rsplit("/", 1)[-1] for one in answered["served_entity_id"]}, key=lambda one: (len(one), one)
    )
    median = answered["execution_duration_ms"].median() if len(answered) else float("nan")
    first, last = requests["request_time"].min(), requests["request_time"].max()
    when = f"on {date(first)}" if first.date() == last.date() else f"from {date(first)} to {date(last)}"
    failed = len(requests) - len(answered)
    text = (
        f"The endpoint answered {count_of(len(answered), 'request')} {when}, with version {' and '.join(versions) or '—'}: half "
        f"of them within {median + 1:.0f} ms. {f'{failed:,}' if failed else 'None'} got an error."
    )
    return [text]


def _feature_row(one: FeatureTable) -> list[object]:
    spans = ", ".join(span(start, end) for start, end in one.intervals) or "whole table"
    name = element("span", one.name, element("small", one.description)) if one.description else one.name
    return [name, f"{one.rows:,}", one.features, ", ".join(one.keys), spans, one.version]


def _version_row(one: ModelVersion, problem: Problem) -> list[object]:
    values = [number(one.metrics.get(key, float("nan"))) for key in problem.shown]
    aliases = ", ".join(name_of(alias) for alias in one.aliases) or "—"
    return [
        one.version,
        aliases,
        element("span", span(one.holdout_start, one.holdout_end), class_="short"),
        *values,
        folded(one.reason),
        folded(one.verdict or one.gate, brief=True),
    ]


def quality(facts: Facts) -> Html:
    """Return the figures by month and by version, and the charts beside the baselines."""
    title = "How good is the model"
    monthly, by_version = facts.monthly, facts.by_version
    if monthly.empty:
        return section(title, paragraphs(["There is no scored row with a known outcome, and no logged holdout yet."]))
    lines = [f"{name_of(b.name)}: {_baseline(b.columns)}" for b in facts.project.baselines]
    note = (
        "Rows are those whose outcome is known. The model is whichever version served at the time; on the holdout, the "
        f"first one. The baselines were fitted once, on what came before the holdout: {'; '.join(lines)}."
    )
    if facts.judged.impossible:
        note += (
            f" {count_of(facts.judged.impossible, 'row')} with an outcome that {facts.project.label!r} cannot have "
            f"({facts.project.problem.name}) are left out."
        )
    tables = [_figures("By month", monthly, "month", facts.project, note)]
    if len(by_version["version"].unique()) > 1:
        note = "Live rows alone. Each version met other weeks: compare it with the baselines on the same rows."
        tables.append(_figures("By version in service", by_version, "version", facts.project, note))
    return section(title, *tables, charts(quality_charts(facts), columns=2))


def _figures(caption: str, figures: pd.DataFrame, period: str, project: Project, note: str) -> Html:
    predictors = list(dict.fromkeys(figures["predictor"]))
    problem = project.problem
    named = [name_of(one) for _ in problem.shown for one in predictors]
    headers = [period.capitalize(), "Rows", problem.level(project.label), *named]
    rows = []
    for key, part in figures.groupby(period, sort=False):
        by, first = part.set_index("predictor"), part.iloc[0]
        held = " (holdout)" if first["part"] == HOLDOUT else ""
        when = f"{month(str(key))}{held}" if period == "month" else str(key)
        metrics = [number(float(by[column].get(one, float("nan")))) for column in problem.shown for one in predictors]
        rows.append([when, f"{int(first['rows']):,}", summary_text(first, problem), *metrics])
    groups = [("", 3), *((name, len(predictors)) for name in problem.shown.values())]
    return table(caption, headers, rows, groups=groups, note=note)


def _baseline(columns: tuple[str, ...]) -> str:
    return f"by {' and '.join(name_of(column) for column in columns)}" if columns else "one constant for all"


def drifted(facts: Facts) -> Html:
    """Return the map of drift, what moved the scores, and the most drifted features."""
    title = "Where and when the data drifted"
    drawn = drift_charts(facts)
    if not drawn:
        return section(title, paragraphs(["The monitor has compared no window with the baseline yet."]))
    several = len(drawn) > 1
    text = "The most drifted feature of each feature group, week by week:" if several else ""
    moved = causes(facts.input_drift, facts.score_changes, facts.project, facts.judged.last_scored)
    return section(title, charts(drawn[:1]), moved, paragraphs([text]), charts(drawn[1:], columns=2))
