"""Charts on where and when the data drifted, and on the alerts that it raised."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from headwater.web.report.drift import granularity_of, has_learnt_limits, most_drifted, quantile_bands
from headwater.web.report.facts import Facts
from headwater.web.report.theme import CRITICAL, DRIFT, MODEL, MUTED, RULES, Chart, figure, week_axis
from headwater.web.report.wording import count_of, date, plain

__all__ = ["alert_chart", "drift_charts"]

_COLUMNS_SHOWN = 25
_LEARNT = (
    "The limit of a column is learnt from the weeks of the baseline: how far each lies from the nearest of the others. So a "
    "feature that moves slowly or by the season is held to its own past. Empty weeks were not looked at."
)
_CONSTANT = (
    "The limit is 0.2 of the population stability index of numbers and 0.1 of the Jensen-Shannon distance of categories, "
    "against the champion's training rows. A feature that moves slowly is over it without anything being wrong: a policy "
    "(alerts=AlertPolicy()) learns limits from its past."
)
_HOVER = (
    "week of %{x|%-d %b}: median %{y:.4g}, 80% between %{customdata[0]:.4g} and %{customdata[1]:.4g}<extra></extra>"
)


def drift_charts(facts: Facts) -> list[Chart]:
    """Return the map of columns by weeks, and how the most drifted features moved; none without a drift table."""
    if facts.drift.empty:
        return []
    return [_heat_map(facts), *_movements(facts)]


def _heat_map(facts: Facts) -> Chart:
    drift = facts.drift
    kind = facts.project.monitor.inference
    outputs = [c for c in (kind.label_col, kind.prediction_proba_col, kind.prediction_col) if c] if kind else []
    furthest = drift.groupby("column_name")[["excess", "value"]].max()
    worst = furthest.sort_values(["excess", "value"], ascending=False).index
    pinned = [column for column in outputs if column in worst]
    inputs = [column for column in worst if column not in pinned]
    shown = [*pinned, *inputs[:_COLUMNS_SHOWN]]
    said = drift["metric"] + [f" {value:.2f}. " for value in drift["value"]] + drift["why"].map(plain)
    drift = drift.assign(said=said)
    starts = sorted(drift["start"].unique())
    excess, hover = (
        drift.set_index(["column_name", "start"])[name].unstack().reindex(index=shown, columns=starts)  # noqa: PD010
        for name in ("excess", "said")
    )
    limits = [limit for limit, _, _ in DRIFT[:-1]]
    times = excess.to_numpy(dtype=np.float64)
    classes = np.where(np.isnan(times), np.nan, np.digitize(np.nan_to_num(times), limits))
    steps = [(at / len(DRIFT), (at + 1) / len(DRIFT), colour) for at, (_, _, colour) in enumerate(DRIFT)]
    marks = dict.fromkeys(outputs, "") | (
        {kind.label_col: " (outcome)", kind.prediction_proba_col: " (score)"} if kind else {}
    )
    found = figure(height=96 + 22 * len(shown), legend=False)
    found.add_trace(
        go.Heatmap(
            z=classes, x=[date(start, year=False) for start in excess.columns],
            y=[plain(f"{c}{marks.get(c, '')}") for c in shown], zmin=-0.5, zmax=len(DRIFT) - 0.5, xgap=1, ygap=1,
            colorscale=[stop for low, high, colour in steps for stop in ((low, colour), (high, colour))],
            text=[[f"{one:.1f}" if one >= 1 else "" for one in row] for row in times], texttemplate="%{text}",
            textfont={"size": 11}, customdata=hover.fillna("").to_numpy(),
            hovertemplate="%{y}, week of %{x}: %{customdata}<extra></extra>",
            colorbar={
                "orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "xanchor": "left", "len": 0.8, "thickness": 10,
                "tickvals": list(range(len(DRIFT))), "ticktext": [text for _, text, _ in DRIFT], "outlinewidth": 0,
                "ypad": 8, "tickangle": 0,
            },
        )
    )  # fmt: skip
    found.update_yaxes(autorange="reversed", ticks="", showgrid=False)
    found.update_xaxes(type="category", ticks="", tickangle=0, tickfont={"size": 12})
    last = drift[drift["start"] == drift["start"].max()]
    inputs_now = last[~last["column_name"].isin(outputs)]
    over = int((inputs_now["excess"] >= 1).sum())
    title = (
        f"In the {_window(facts)} {date(last['start'].max())}, {over} of {count_of(len(inputs_now), 'feature')} "
        f"{'was' if over == 1 else 'were'} over {'its' if over == 1 else 'their'} limit{'' if over == 1 else 's'}"
    )
    most = f"The {min(_COLUMNS_SHOWN, len(inputs))} features that are furthest over it" if inputs else "Columns"
    caption = f"{most}, worst first, below outcome and predictions. Numbers say how many times the limit. "
    caption += _LEARNT if has_learnt_limits(facts.project) else _CONSTANT
    return Chart("drift", title, caption, found, wide=True)


def _window(facts: Facts) -> str:
    granularity = granularity_of(facts.project)
    return "week of" if granularity == "1 week" else f"window of {granularity} from"


def _movements(facts: Facts) -> list[Chart]:
    columns = most_drifted(facts.drift, facts.project)
    if not columns:
        return []
    bands = quantile_bands(facts.store, facts.project, columns, facts.judged.last_scored)
    charts = [_movement(column, bands[bands["column_name"] == column]) for column in columns]
    return [chart for chart in charts if chart is not None]


def _movement(column: str, rows: pd.DataFrame) -> Chart | None:
    baseline, live = rows[rows["start"].isna()].tail(1), rows[rows["start"].notna()]
    if baseline.empty or live.empty:
        return None
    low, middle, high = (float(baseline[name].iloc[0]) for name in ("p10", "p50", "p90"))
    found = figure(height=280)
    found.add_hrect(y0=low, y1=high, fillcolor="#eceff2", line_width=0, layer="below")
    found.add_hline(y=middle, line={"color": MUTED, "dash": "dot", "width": 1.5}, layer="below")
    for name, filled in (("p90", None), ("p10", "tonexty")):
        found.add_trace(
            go.Scatter(
                x=live["start"], y=live[name], mode="lines", line={"width": 0}, fill=filled, hoverinfo="skip",
                fillcolor="rgba(11,95,165,0.22)", showlegend=False,
            )
        )  # fmt: skip
    found.add_trace(
        go.Scatter(
            x=live["start"], y=live["p50"], mode="lines+markers", name="median of the week, and 80% of its rows",
            line={"color": MODEL, "width": 2.5}, marker={"size": 7}, customdata=live[["p10", "p90"]],
            hovertemplate=_HOVER,
        )
    )  # fmt: skip
    found.add_trace(
        go.Scatter(
            x=[None], y=[None], mode="lines", name="baseline", line={"color": MUTED, "dash": "dot", "width": 1.5}
        )
    )
    week_axis(found, live["start"])
    furthest = live.loc[(live["p50"] - middle).abs().idxmax()]
    when = furthest["start"]
    title = f"{column}: median {middle:.3g} in the baseline, {furthest['p50']:.3g} in the week of {when.day} {when:%B}"
    caption = "Grey: 80% of the baseline's rows, dotted its median."
    return Chart(f"moved-{column}", title, caption, found)


def alert_chart(facts: Facts) -> Chart | None:
    """Return the alerts by week, severity and rule; None if there are none."""
    alerts = facts.alerts
    if alerts.empty:
        return None
    start = pd.to_datetime(alerts["window.start"])
    week = start.dt.normalize() - pd.to_timedelta(start.dt.dayofweek, unit="D")
    counted = alerts.assign(week=week).groupby(["severity", "rule", "week"]).size().rename("alerts").reset_index()
    found = figure(height=320, y_title="Alerts")
    calm, grave = iter(RULES * 9), iter(CRITICAL * 9)
    for (severity, rule), rows in counted.groupby(["severity", "rule"]):
        found.add_trace(
            go.Bar(
                x=rows["week"], y=rows["alerts"], name=plain(f"{rule} ({severity})"),
                marker={"color": next(grave if severity == "critical" else calm), "line": {"color": "#ffffff", "width": 1}},
                hovertemplate="week of %{x|%-d %b}: %{y} of %{fullData.name}<extra></extra>",
            )
        )  # fmt: skip
    found.update_layout(barmode="stack", bargap=0.25)
    week_axis(found, counted["week"])
    total = counted.groupby("week")["alerts"].sum()
    busiest = pd.Timestamp(str(total.idxmax()))
    critical = int(counted.loc[counted["severity"] == "critical", "alerts"].sum())
    title = (
        f"{count_of(int(total.sum()), 'alert')} in {count_of(len(total), 'week')}, "
        f"{critical or 'none of them'}{' of them' if critical else ''} critical; "
        f"most in the week of {busiest.day} {busiest:%B} ({int(total.max())})"
    )
    caption = "By the start of the window that raised them, of all granularities."
    return Chart("alerts", title, caption, found)
