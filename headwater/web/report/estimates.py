"""Estimated performance beside the realised one, window by window, from the monitor's table."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from headwater.project import Project
from headwater.web.report.drift import granularity_of
from headwater.web.report.markup import Html, charts, paragraphs, section, table
from headwater.web.report.models import ModelVersion
from headwater.web.report.tables import Store
from headwater.web.report.theme import INK, MODEL, MUTED, Chart, figure, mark_versions, week_axis
from headwater.web.report.wording import date, inner, number, percent

__all__ = ["estimated", "weekly_estimates"]

_TITLES = {
    "roc_auc_score": "ROC AUC",
    "f1_score": "F1",
    "mean_average_error": "Mean absolute error",
    "root_mean_squared_error": "Root mean squared error",
}
_SHOWN = 12
_CERTAIN = 2.0
"""So many standard errors to both sides are drawn: some 95 % of the realised values lie within."""
_COLUMNS = (
    "window.start", "window.end", "metric", "estimated", "standard_error", "realised", "rows", "labelled_rows", "coverage",
    "reference", "lower_threshold", "upper_threshold", "alert",
)  # fmt: skip


def weekly_estimates(store: Store, project: Project, last_scored: pd.Timestamp | None = None) -> pd.DataFrame:
    """Return the estimates of the windows that the report shows, by `start`, `model` and `metric`; none without the table.

    A last window that is not half over is left out, unless it is the only one.
    """
    from pyarrow.dataset import field

    model = str(project.monitor.model_id_col)
    where = field("granularity") == granularity_of(project)
    found = store.read(project.monitor.estimates_table, [model, *_COLUMNS], where)
    found = found.rename(columns={"window.start": "start", "window.end": "end", model: "model"})
    numbers = ["estimated", "standard_error", "realised", "coverage", "reference", "lower_threshold", "upper_threshold"]
    found[numbers] = found[numbers].apply(pd.to_numeric)
    if last_scored is not None and len(found):
        over = found["start"] + (found["end"] - found["start"]) / 2 <= last_scored
        found = found[over] if over.any() else found
    return found.sort_values(["start", "model", "metric"], ignore_index=True)


def estimated(estimates: pd.DataFrame, project: Project, versions: list[ModelVersion]) -> Html:
    """Return charts and a table of what was estimated before labels came, and what they said; empty without estimates."""
    shown = [name for name in _TITLES if (estimates["metric"] == name).any()]
    if not shown:
        return Html("")
    drawn = [_chart(estimates[estimates["metric"] == name], name, project, versions) for name in shown]
    title = "Performance before and after the labels"
    return section(title, paragraphs([_how(project)]), charts(drawn, columns=2), _table(estimates, shown[0], project))


def _how(project: Project) -> str:
    by = (
        "from the probabilities, calibrated on the model's holdout (confidence-based estimation)"
        if project.problem.has_probabilities
        else "by a model of its error, learnt on its holdout (direct loss estimation)"
    )
    return (
        f"How good the model is on rows without a known outcome is estimated {by}. The estimate does not look at the outcomes of "
        "its window. It sees when rows are harder than before; it does not see when equal rows have another outcome than before."
    )


def _chart(rows: pd.DataFrame, metric: str, project: Project, versions: list[ModelVersion]) -> Chart:
    title, unit = _TITLES[metric], ".2f" if project.problem.has_probabilities else ",.4~g"
    found = figure(height=420, y_title=title, y_format=unit)
    rows_and_share = "%{customdata[0]:,} rows, %{customdata[1]:.0%} labelled"
    hover = f"week of %{{x|%-d %b}}: %{{y:{unit}}} NAME, {rows_and_share}<extra></extra>"
    for at, (_, of) in enumerate(rows.groupby("model", sort=False)):
        spread = _CERTAIN * of["standard_error"]
        for bound, filled in ((of["estimated"] + spread, None), (of["estimated"] - spread, "tonexty")):
            found.add_trace(
                go.Scatter(
                    x=of["start"], y=bound, mode="lines", line={"width": 0}, fill=filled, hoverinfo="skip",
                    fillcolor="rgba(11,95,165,0.22)", showlegend=False,
                )
            )  # fmt: skip
        facts = of[["rows", "coverage"]]
        for name, values, style in (
            ("estimated without labels", of["estimated"], {"color": MODEL, "dash": "dash", "symbol": "circle"}),
            ("realised", of["realised"], {"color": INK, "dash": "solid", "symbol": "square"}),
        ):
            found.add_trace(
                go.Scatter(
                    x=of["start"], y=values, name=name, legendgroup=name, showlegend=at == 0, mode="lines+markers",
                    customdata=facts, line={"color": style["color"], "dash": style["dash"], "width": 2},
                    marker={"symbol": style["symbol"], "size": 7}, hovertemplate=hover.replace("NAME", name),
                )
            )  # fmt: skip
        for limit in ("lower_threshold", "upper_threshold"):
            found.add_trace(
                go.Scatter(
                    x=of["start"], y=of[limit], name="normal on the holdout", legendgroup="limits", mode="lines",
                    hoverinfo="skip", showlegend=at == 0 and limit == "lower_threshold",
                    line={"color": MUTED, "dash": "dot", "width": 1.5},
                )
            )  # fmt: skip
    covered = rows.groupby("start").agg(labelled=("labelled_rows", "sum"), rows=("rows", "sum"))
    found.add_trace(
        go.Bar(
            x=covered.index, y=covered["labelled"] / covered["rows"], yaxis="y2", showlegend=False, marker={"color": MUTED},
            hovertemplate="week of %{x|%-d %b}: %{y:.0%} of the rows have a label<extra></extra>",
        )
    )  # fmt: skip
    found.update_layout(
        yaxis={"domain": [0.24, 1.0]},
        yaxis2={
            "domain": [0.0, 0.13], "range": [0, 1], "tickformat": ".0%", "tickvals": [0, 1], "automargin": True,
            "title": {"text": "Labelled", "standoff": 8}, "zeroline": False, "showgrid": False,
        },
        xaxis={"anchor": "y2"},
    )  # fmt: skip
    week_axis(found, rows["start"])
    mark_versions(found, versions, rows["start"])
    caption = (
        "Blue: estimated, two standard errors to both sides. Dark: with the labels that are there by now; below, for which share "
        "of the rows. Dotted: three deviations of the holdout's own windows."
    )
    return Chart(f"estimated-{metric}", _sentence(rows, metric), caption, found)


def _sentence(rows: pd.DataFrame, metric: str) -> str:
    last, title = rows.iloc[-1], _TITLES[metric]
    when = f"{last['start'].day} {last['start']:%B}"
    both = rows.dropna(subset=["estimated", "realised"])
    if math.isnan(last["estimated"]):
        return f"{title} cannot be estimated in the window of {when}"
    said = f"{title} is estimated at {_pair(last)} in the window of {when}"
    if pd.isna(last["realised"]):
        return f"{said}; no outcome is known yet"
    apart = (both["estimated"] - both["realised"]).abs()
    mean = f"; estimates were {number(float(apart.mean()))} off on average" if len(both) > 1 else ""
    return f"{said}, and is {number(last['realised'])} for the {percent(last['coverage'], 0)} of rows with an outcome{mean}"


def _pair(row: pd.Series) -> str:
    if math.isnan(row["estimated"]):
        return "—"
    return f"{number(row['estimated'])} ± {number(row['standard_error'])}"


def _table(estimates: pd.DataFrame, metric: str, project: Project) -> Html:
    rows = []
    chosen = estimates[estimates["metric"] == metric].tail(_SHOWN)
    for _, one in chosen.iloc[::-1].iterrows():
        apart = (one["realised"] - one["estimated"]) / one["standard_error"] if one["standard_error"] else math.nan
        state = (
            "worse than normal" if one["alert"] else "normal" if not math.isnan(one["estimated"]) else "not estimated"
        )
        rows.append(
            [
                date(one["start"]), one["model"], f"{int(one['rows']):,}", percent(one["coverage"], 0), _pair(one),
                number(one["realised"]), number(apart, 1), state,
            ]
        )  # fmt: skip
    headers = [
        "Window from",
        "Version",
        "Rows",
        "Labelled",
        "Estimated",
        "Realised",
        "Apart, in standard errors",
        "Estimate is",
    ]
    note = (
        f"The {inner(_TITLES[metric])} of the last {len(rows)} windows and versions ({granularity_of(project)} each), the "
        "newest first. A realised value counts the labelled rows alone."
    )
    return table("Estimated and realised", headers, rows, text=["Estimate is"], note=note)
