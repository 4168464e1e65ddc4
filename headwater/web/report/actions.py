"""What was done about it: the section on decisions, promotions and alerts."""

from __future__ import annotations

import pandas as pd

from headwater.conventions import MODEL_VERSION
from headwater.web.report.drift_charts import alert_chart
from headwater.web.report.facts import Facts
from headwater.web.report.markup import Html, charts, element, folded, paragraphs, section, table
from headwater.web.report.standing import told_alerts
from headwater.web.report.wording import count_of, date, inner, number

__all__ = ["done"]


def done(facts: Facts) -> Html:
    """Return decisions, promotions and alerts, with a summary above."""
    chart = alert_chart(facts)
    return section(
        "What was done about it",
        paragraphs([" ".join(sentence for sentence in (_asked(facts), _trained(facts), _served(facts)) if sentence)]),
        _decisions(facts.decisions),
        _promotions(facts.promotions),
        told_alerts(facts),
        charts([chart]) if chart else _none_raised(facts),
        _rules(facts.alerts),
    )


def _none_raised(facts: Facts) -> Html:
    return paragraphs(["No alert has been raised."]) if facts.project.alerts is None else Html("")


def _asked(facts: Facts) -> str:
    steps = len(facts.decisions)
    asked = int(facts.decisions["retrain"].astype(bool).sum())
    return f"The monitor asked for a retraining after {asked or 'none'} of {count_of(steps, 'step')}." if steps else ""


def _trained(facts: Facts) -> str:
    if not facts.versions:
        return ""
    promoted = sum(version.promoted for version in facts.versions)
    refused = sum(version.gate == "refused" for version in facts.versions)
    return (
        f"{count_of(len(facts.versions), 'version')} of the model "
        f"{'was' if len(facts.versions) == 1 else 'were'} trained: {promoted} promoted, {refused} refused by the gate."
    )


def _served(facts: Facts) -> str:
    """Say how the versions did in service, if there were several."""
    model = facts.by_version[facts.by_version["predictor"] == "model"]
    if len(model) < 2:
        return ""
    metric, title = next(iter(facts.project.problem.shown.items()))
    each = [f"{number(row[metric])} by version {row['version']}" for _, row in model.iterrows()]
    return f"The {inner(title)} in service was {', '.join(each[:-1])} and {each[-1]}."


def _decisions(decisions: pd.DataFrame) -> Html:
    if decisions.empty:
        return paragraphs(["No decision on retraining has been taken yet."])
    rows = [
        [
            _short(date(one["as_of"])),
            element("b", "retrain") if one["retrain"] else "keep",
            one["reason"],
            one["alerts"],
            one[MODEL_VERSION],
        ]
        for _, one in decisions.iterrows()
    ]
    headers = ["As of", "Decision", "Reason", "Alerts", "Champion"]
    return table("After each monitoring step: retrain or keep", headers, rows, text=["Decision", "Reason"])


def _promotions(promotions: pd.DataFrame) -> Html:
    if promotions.empty:
        return paragraphs(["No model has been promoted or refused yet."])
    rows = [
        [
            _short(f"{one['at']:%Y-%m-%d %H:%M}"),
            one["action"],
            one["version"],
            folded(one["reason"]),
            one["champion"] or "none",
            one["who"],
        ]
        for _, one in promotions.iterrows()
    ]
    headers = ["Run at", "Action", "Version", "Reason", "Champion after", "By"]
    return table("Promotions, refusals and rollbacks", headers, rows, text=["Action", "By", "Reason"])


def _rules(alerts: pd.DataFrame) -> Html:
    if alerts.empty:
        return Html("")
    rows = []
    for (severity, rule, concerns), found in alerts.groupby(["severity", "rule", "concerns"]):
        starts = pd.to_datetime(found["window.start"])
        columns = found["column_name"].value_counts()
        named = ", ".join(str(column) for column in columns.index[:3]).replace(":table", "whole table")
        rest = f" and {len(columns) - 3} more" if len(columns) > 3 else ""
        between = f"{date(starts.min(), year=False)} to {date(starts.max(), year=False)}"
        rows.append([rule, severity, concerns, f"{len(found):,}", named + rest, _short(between)])
    headers = ["Rule", "Severity", "Concerns", "Alerts", "Columns", "Windows from"]
    return table("Alerts by rule", headers, rows, text=["Severity", "Concerns", "Columns", "Windows from"])


def _short(text: str) -> Html:
    """Return text that is not broken over lines."""
    return element("span", text, class_="short")
