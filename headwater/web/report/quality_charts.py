"""Charts on how good the model is over time."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from headwater.training.problems.metrics import HIGHER_IS_BETTER, calibration_bins
from headwater.web.report.facts import Facts
from headwater.web.report.judged import HOLDOUT
from headwater.web.report.theme import (
    BASELINES,
    INK,
    MODEL,
    MUTED,
    Chart,
    figure,
    mark_versions,
    months_colours,
    week_axis,
)
from headwater.web.report.wording import month, name_of, number, percent, plain, points, summary_of, trend

__all__ = ["quality_charts"]

_MONTHS_SHOWN = 6
_HOVER = "%{fullData.name}, week of %{x|%-d %b}: NAME %{y:.3f}, %{customdata:,} rows<extra></extra>"


def quality_charts(facts: Facts) -> list[Chart]:
    """Return the problem's metrics, its labels' summary and calibration; none without labelled rows."""
    weekly = _whole_weeks(facts)
    if weekly.empty:
        return []
    drawn = [
        _metric(facts, weekly, column, name)
        for column, name in facts.project.problem.shown.items()
        if column != "expected_calibration_error"
    ]
    if weekly["predicted"].notna().any():
        drawn.append(_levels(facts, weekly))
    if facts.project.problem.has_probabilities:
        drawn.append(_calibration(facts))
    return drawn


def _whole_weeks(facts: Facts) -> pd.DataFrame:
    """Return the weeks of which at least half lies between the first and the last labelled row; all if none does."""
    weekly, time = facts.weekly, facts.judged.time
    if weekly.empty:
        return weekly
    half, week = pd.Timedelta(days=3.5), pd.Timedelta(days=7)
    kept = weekly[(weekly["week"] + half <= time.max()) & (weekly["week"] + week - half >= time.min())]
    return kept if len(kept) else weekly


def _metric(facts: Facts, weekly: pd.DataFrame, column: str, name: str) -> Chart:
    rule = "Higher is better." if column in HIGHER_IS_BETTER else "Lower is better."
    rule = "Higher is better; 0.5 is chance." if column == "roc_auc" else rule
    found = figure(y_title=name, y_format=".2f")
    styles = dict(zip((p for p in facts.judged.answers if p != "model"), BASELINES, strict=False))
    for predictor, rows in weekly.groupby("predictor", sort=False):
        colour, dash, marker = styles.get(str(predictor), (MODEL, "solid", "circle"))
        found.add_trace(
            go.Scatter(
                x=rows["week"], y=rows[column], name=plain(name_of(str(predictor))), mode="lines+markers",
                customdata=rows["rows"], line={"color": colour, "dash": dash, "width": 2.5 if predictor == "model" else 1.5},
                marker={"symbol": marker, "size": 7 if predictor == "model" else 5},
                hovertemplate=_HOVER.replace("NAME", name),
            )
        )  # fmt: skip
    week_axis(found, weekly["week"])
    mark_versions(found, facts.versions, weekly["week"])
    return Chart(column, _metric_title(facts, column, name), f"By week. {rule} {_marks(facts)}".strip(), found)


def _marks(facts: Facts) -> str:
    if all(version.holdout_end is None for version in facts.versions):
        return ""
    refused = any(not version.promoted for version in facts.versions)
    dotted = ", dotted if it was not promoted" if refused else ""
    held = " Left of the first line is its holdout." if (facts.judged.part == HOLDOUT).any() else ""
    return f"Upright lines: a version was trained and judged{dotted}.{held}"


def _metric_title(facts: Facts, column: str, name: str) -> str:
    """Say how the model's metric went from the first month to the last, and what the best baseline has."""
    monthly = facts.monthly.dropna(subset=[column])
    model = monthly[monthly["predictor"] == "model"]
    if model.empty:
        return f"{name} is not defined: all outcomes are equal"
    first, last = model.iloc[0], model.iloc[-1]
    others = monthly[(monthly["predictor"] != "model") & (monthly["month"] == last["month"])]
    best = others.sort_values(column, ascending=column not in HIGHER_IS_BETTER).head(1)
    beside = "".join(
        f"; the best baseline, {name_of(row.predictor)}, has {number(getattr(row, column))}"
        for row in best.itertuples()
    )
    if len(model) == 1:
        return f"{name} is {number(last[column])} in {month(last['month'])}{beside}"
    verb = trend([first[column], last[column]], 0.005)
    span = (
        f"from {number(first[column])} in {month(first['month'])} to {number(last[column])} in {month(last['month'])}"
    )
    return f"{name} {'held:' if verb == 'held' else verb} {span}{beside}"


def _levels(facts: Facts, weekly: pd.DataFrame) -> Chart:
    """Return what was observed beside what was predicted, on average by week."""
    model, problem = weekly[weekly["predictor"] == "model"], facts.project.problem
    summary, share = summary_of(problem), problem.level_is_share
    told, apart = (percent, points) if share else (number, lambda gap: number(abs(gap)))
    title = problem.level(facts.project.label)
    found = figure(height=380, y_title=plain(title), y_format=".0%" if share else ",.4~g")
    lines = (
        ("observed", model[summary], INK, "solid", "square"),
        ("predicted by the model", model["predicted"], MODEL, "dash", "circle"),
    )
    shown = "%{y:.1%}" if share else "%{y:,.4~g}"
    for name, values, colour, dash, marker in lines:
        found.add_trace(
            go.Scatter(
                x=model["week"], y=values, name=name, mode="lines+markers", line={"color": colour, "dash": dash, "width": 2},
                marker={"symbol": marker, "size": 7},
                hovertemplate=f"week of %{{x|%-d %b}}: {shown} %{{fullData.name}}<extra></extra>",
            )
        )  # fmt: skip
    if share:
        found.update_yaxes(rangemode="tozero")
    week_axis(found, model["week"])
    mark_versions(found, facts.versions, model["week"])
    gap = model["predicted"] - model[summary]
    worst = model.loc[gap.abs().idxmax()]
    side = "high" if worst["predicted"] > worst[summary] else "low"
    title = (
        f"{title} went from {told(model[summary].min())} to {told(model[summary].max())} by week; "
        f"predictions were {apart(gap.mean())} too {'high' if gap.mean() > 0 else 'low'} on average"
    )
    caption = (
        f"Widest apart in the week of {worst['week'].day} {worst['week']:%B}: {told(worst['predicted'])} predicted, "
        f"{told(worst[summary])} observed, {apart(worst['predicted'] - worst[summary])} too {side}."
    )
    return Chart("rates", title, caption, found)


def _calibration(facts: Facts) -> Chart:
    judged, model = facts.judged, facts.monthly[facts.monthly["predictor"] == "model"]
    found = figure(height=380, y_title="Observed", y_format=".0%")
    keys = judged.time.dt.strftime("%Y-%m")
    months = sorted(keys.unique())[-_MONTHS_SHOWN:]
    top = 0.0
    for key, colour in zip(months, months_colours(len(months)), strict=True):
        rows = (keys == key).to_numpy()
        pairs = facts.project.problem.came_true(judged.label[rows], judged.answers["model"][rows])
        assert pairs is not None
        bins = calibration_bins(*pairs)
        top = max(top, float(bins[["probability", "rate"]].max().max()))
        found.add_trace(
            go.Scatter(
                x=bins["probability"], y=bins["rate"], name=month(key), mode="lines+markers", customdata=bins["rows"],
                line={"color": colour, "width": 2}, marker={"size": 7},
                hovertemplate=f"{month(key)}: predicted %{{x:.1%}}, observed %{{y:.1%}}, %{{customdata:,}} rows<extra></extra>",
            )
        )  # fmt: skip
    top = min(1.0, top * 1.05)
    ideal = go.Scatter(
        x=[0, top], y=[0, top], name="perfect", mode="lines", line={"color": MUTED, "dash": "dot", "width": 1.5}
    )
    found.add_trace(ideal.update(hoverinfo="skip"))
    found.update_xaxes(title={"text": "Predicted"}, tickformat=".0%", showgrid=True)
    worst = model.sort_values("expected_calibration_error").iloc[-1]
    title = (
        f"Predicted and observed shares differ by {points(worst['expected_calibration_error'])} on average in "
        f"{month(worst['month'])}, the worst month"
        if len(model) > 1
        else f"Predicted and observed shares differ by {points(worst['expected_calibration_error'])} on average"
    )
    caption = (
        "Each point is a tenth of the month's rows, by predicted probability. Under the line, predictions are too high."
    )
    return Chart("calibration", title, caption, found)
