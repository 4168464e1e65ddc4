"""One look for all charts: colours that colour-blind readers tell apart, few lines, no boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from headwater.web.report.models import ModelVersion

__all__ = [
    "BASELINES",
    "DARK",
    "DRIFT",
    "INK",
    "MODEL",
    "MUTED",
    "RULES",
    "Chart",
    "figure",
    "mark_versions",
    "months_colours",
    "week_axis",
]

INK, MUTED, GRID = "#1f2933", "#5a6673", "#e4e7eb"
MODEL = "#0b5fa5"
# Colour, dash and marker, so that black and white is enough.
BASELINES = (
    ("#6b7580", "dot", "square"),
    ("#c2570c", "dash", "diamond"),
    ("#00806a", "dashdot", "x"),
    ("#a3478b", "longdash", "cross"),
)
RULES = ("#7aa6cf", "#d9a441", "#8f9aa5", "#00806a", "#a3478b")
CRITICAL = ("#b3261e", "#7d1a14", "#d9685f")
# Upper ends, in limits, of the drift classes and their colours: no colour within the limit, then one hue that darkens evenly,
# so that the order is seen without telling red from green, and in print.
DRIFT = (
    (1.0, "within its limit", "#eef1f4"),
    (1.5, "1 to 1.5 times it", "#fbd87f"),
    (2.0, "1.5 to 2", "#fdb863"),
    (4.0, "2 to 4", "#d9701e"),
    (float("inf"), "4 or more", "#7f3008"),
)
# Colours of a dark page by those of a light one; drift classes get lighter there, the higher they are.
DARK = {
    INK: "#e6eaee",
    MUTED: "#a7b1bb",
    GRID: "#343b43",
    MODEL: "#6cb4ee",
    "#ffffff": "#14181c",
    "#eceff2": "#262c33",
    "rgba(11,95,165,0.22)": "rgba(108,180,238,0.28)",
    "rgba(255,255,255,0.8)": "rgba(20,24,28,0.8)",
    **dict(zip(CRITICAL, ("#f0736a", "#c9473d", "#ffb1aa"), strict=True)),
    **dict(
        zip((colour for _, _, colour in DRIFT), ("#22282e", "#5f4410", "#a2660f", "#e89530", "#ffe0a8"), strict=True)
    ),
    "#a9c4e0": "#35608c",
    "#78a5d1": "#4a7fb3",
    "#4a86bd": "#659bd0",
    "#2a6aa5": "#86b6e4",
    "#164d80": "#a9cff2",
    "#082f55": "#d3e8fb",
}
_MONTHS = ("#a9c4e0", "#78a5d1", "#4a86bd", "#2a6aa5", "#164d80", "#082f55")


@dataclass(frozen=True)
class Chart:
    """A figure with what it shows in one sentence, and how to read it.

    `title` and `caption` are plain text; the page escapes them. A `wide` chart scrolls sideways on a narrow screen.
    """

    key: str
    title: str
    caption: str
    figure: go.Figure
    wide: bool = False


def figure(*, height: int = 340, y_title: str = "", y_format: str = "", legend: bool = True) -> go.Figure:
    """Return an empty figure in the report's look."""
    found = go.Figure()
    axis: dict[str, Any] = {"automargin": True, "gridcolor": GRID, "zeroline": False, "linecolor": GRID}
    found.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 12, "t": 44 if legend else 16, "b": 8},
        font={"family": "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif", "size": 13, "color": INK},
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
        showlegend=legend,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        hoverlabel={"bgcolor": "#ffffff", "font": {"color": INK}},
        xaxis={**axis, "showgrid": False, "ticks": "outside", "tickcolor": GRID},
        yaxis={**axis, "title": {"text": y_title, "standoff": 8}, "tickformat": y_format},
    )
    return found


def mark_versions(found: go.Figure, versions: Sequence[ModelVersion], weeks: pd.Series) -> None:
    """Draw a line at the end of each version's holdout: solid if it was promoted, dotted if not."""
    for version in versions:
        if version.holdout_end is None or not len(weeks):
            continue
        found.add_vline(
            x=version.holdout_end,
            line={"color": MUTED, "width": 1, "dash": "solid" if version.promoted else "dot"},
            layer="below",
        )
        found.add_annotation(
            x=version.holdout_end, y=1, yref="paper", yanchor="top", xanchor="left", xshift=2, showarrow=False,
            text=f"v{version.version}", font={"size": 12, "color": MUTED}, bgcolor="rgba(255,255,255,0.8)",
        )  # fmt: skip


def week_axis(found: go.Figure, weeks: pd.Series) -> None:
    """Put the ticks on the weeks' own days: on all of them, or evenly on at most five."""
    days = sorted(pd.to_datetime(weeks).unique())
    every = -(-len(days) // 5)
    found.update_xaxes(tickvals=days[::every], tickformat="%-d %b", tickangle=0)


def months_colours(months: int) -> list[str]:
    """Return so many blues, later ones darker."""
    if months <= 1:
        return [MODEL]
    return [_MONTHS[round(at * (len(_MONTHS) - 1) / (months - 1))] for at in range(months)]
