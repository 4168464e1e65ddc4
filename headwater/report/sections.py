"""The four sections of the report."""

from __future__ import annotations

import pandas as pd

from headwater.report.drift_charts import alert_chart, drift_charts
from headwater.report.facts import Facts, FeatureTable
from headwater.report.judged import HOLDOUT, any_plan
from headwater.report.markup import Html, charts, details, element, paragraphs, section, table
from headwater.report.models import ModelVersion
from headwater.report.quality_charts import quality_charts
from headwater.report.wording import count_of, date, first_sentence, month, name_of, number, percent, span

__all__ = ["built", "done", "drifted", "quality"]


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
            f"{count_of(len(facts.versions), 'version')} of {any_plan(facts.project).model_name}",
            ["Version", "Alias", "Judged on", "ROC AUC", "Log loss", "Calibration error", "Why trained", "Gate"],
            [_version_row(one) for one in facts.versions],
            text=["Alias", "Judged on", "Why trained", "Gate"],
        )
    return section("What was built", features, models)


def _feature_row(one: FeatureTable) -> list[object]:
    spans = ", ".join(span(start, end) for start, end in one.intervals) or "whole table"
    name = element("span", one.name, element("small", one.description)) if one.description else one.name
    return [name, f"{one.rows:,}", one.features, ", ".join(one.keys), spans, one.version]


def _version_row(one: ModelVersion) -> list[object]:
    values = [
        number(one.metrics.get(key, float("nan"))) for key in ("roc_auc", "log_loss", "expected_calibration_error")
    ]
    aliases = ", ".join(name_of(alias) for alias in one.aliases) or "—"
    return [
        one.version,
        aliases,
        span(one.holdout_start, one.holdout_end),
        *values,
        _folded(one.reason),
        _folded(one.verdict or one.gate),
    ]


def quality(facts: Facts) -> Html:
    """Return the monthly table and the charts beside the baselines."""
    title = "How good is the model"
    monthly = facts.monthly
    if monthly.empty:
        return section(title, paragraphs(["There is no scored row with a known outcome, and no logged holdout yet."]))
    predictors = list(dict.fromkeys(monthly["predictor"]))
    headers = ["Month", "Rows", f"Share {facts.project.label}"]
    headers += [
        f"{what}, {name_of(one)}" for what in ("ROC AUC", "Log loss", "Calibration error") for one in predictors
    ]
    rows = []
    for key, part in monthly.groupby("month", sort=False):
        by = part.set_index("predictor")
        first = part.iloc[0]
        held = " (holdout)" if first["part"] == HOLDOUT else ""
        metrics = [
            number(float(by[column].get(one, float("nan"))))
            for column in ("roc_auc", "log_loss", "calibration_error")
            for one in predictors
        ]
        rows.append([f"{month(str(key))}{held}", f"{int(first['rows']):,}", percent(first["rate"]), *metrics])
    lines = [f"{name_of(b.name)}: {_baseline(b.columns)}" for b in any_plan(facts.project).baselines]
    note = (
        "Rows are those whose outcome is known. The model is whichever version served at the time; on the holdout, the "
        f"first one. The baselines were fitted once, on what came before the holdout: {'; '.join(lines)}."
    )
    drawn = quality_charts(facts)
    return section(title, table("By month", headers, rows, note=note), charts(drawn, columns=2))


def _baseline(columns: tuple[str, ...]) -> str:
    return f"the rate by {' and '.join(name_of(column) for column in columns)}" if columns else "one rate for all"


def drifted(facts: Facts) -> Html:
    """Return the map of drift and the most drifted features."""
    title = "Where and when the data drifted"
    drawn = drift_charts(facts)
    if not drawn:
        return section(title, paragraphs(["The monitor has compared no window with the baseline yet."]))
    several = len(drawn) > 1
    text = "The most drifted feature of each feature group, week by week:" if several else ""
    return section(title, charts(drawn[:1]), paragraphs([text]), charts(drawn[1:], columns=2))


def done(facts: Facts) -> Html:
    """Return decisions, promotions and alerts."""
    parts: list[object] = []
    if facts.decisions.empty:
        parts.append(paragraphs(["No decision on retraining has been taken yet."]))
    else:
        rows = [
            [
                date(one["as_of"]),
                one["model_version"],
                "retrain" if one["retrain"] else "keep",
                one["alerts"],
                one["reason"],
            ]
            for _, one in facts.decisions.iterrows()
        ]
        headers = ["As of", "Champion", "Decision", "Alerts", "Reason"]
        parts.append(table("After each monitoring step: retrain or keep", headers, rows, text=["Decision", "Reason"]))
    if facts.promotions.empty:
        parts.append(paragraphs(["No model has been promoted or refused yet."]))
    else:
        rows = [
            [
                f"{one['at']:%Y-%m-%d %H:%M}",
                one["action"],
                one["version"],
                one["champion"],
                one["who"],
                _folded(one["reason"]),
            ]
            for _, one in facts.promotions.iterrows()
        ]
        headers = ["At (UTC, real time)", "Action", "Version", "Champion after", "By", "Reason"]
        parts.append(table("Promotions, refusals and rollbacks", headers, rows, text=["Action", "By", "Reason"]))
    chart = alert_chart(facts)
    parts.append(charts([chart]) if chart else paragraphs(["No alert has been raised."]))
    if len(facts.alerts):
        parts.append(_rules(facts.alerts))
    return section("What was done about it", *parts)


def _rules(alerts: pd.DataFrame) -> Html:
    rows = []
    for (rule, severity, concerns), found in alerts.groupby(["rule", "severity", "concerns"]):
        starts = pd.to_datetime(found["window.start"])
        columns = found["column_name"].value_counts()
        named = ", ".join(str(column) for column in columns.index[:3])
        rest = f" and {len(columns) - 3} more" if len(columns) > 3 else ""
        between = f"{date(starts.min(), year=False)} to {date(starts.max(), year=False)}"
        rows.append(
            [rule, severity, concerns, f"{len(found):,}", named.replace(":table", "whole table") + rest, between]
        )
    headers = ["Rule", "Severity", "Concerns", "Alerts", "Columns", "Windows from"]
    return table("Alerts by rule", headers, rows, text=["Severity", "Concerns", "Columns", "Windows from"])


def _folded(text: object) -> Html:
    return details(*first_sentence(str(text or "—")))
