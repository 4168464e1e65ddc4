"""The map of drift: no colour within a column's limit, and an order of colours that does not hang on hues."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from headwater.lakehouse import Settings
from headwater.monitoring import AlertPolicy
from headwater.web.report.drift_charts import drift_charts
from headwater.web.report.facts import gather
from headwater.web.report.theme import DARK, DRIFT
from tests.headwater.web.report.test_report import _project, _windows, _write

WEEKS = _windows(["2013-10-07", "2013-10-14", "2013-10-21"])
WINDOW = pa.struct([("start", pa.timestamp("us", tz="UTC")), ("end", pa.timestamp("us", tz="UTC"))])
TEXTS, NUMBERS = (
    ("granularity", "slice_key", "model_version", "column_name", "drift_type"),
    ("effect", "limit", "excess"),
)
VALUES = {"temp": (0.1, 3.0, 0.5), "wind": (1.0, 1.0, 1.0), "carrier": (0.05, 0.06, 0.25)}
OVER = [("temp", 1, "values", 2.4), ("temp", 1, "tails", 1.2), ("carrier", 2, "new categories", 5.0)]


@pytest.fixture
def settings(tmp_path) -> Settings:
    """A store in which temperature and carrier were over their limits once, and the first week was not looked at."""
    rows = [
        {
            "window": WEEKS[week], "granularity": "1 week", "slice_key": None, "model_version": "*", "column_name": column,
            "drift_type": "BASELINE", "population_stability_index": None if column == "carrier" else value,
            "js_distance": value if column == "carrier" else None,
        }
        for column, values in VALUES.items() for week, value in enumerate(values)
    ]  # fmt: skip
    schema = [("window", WINDOW), *((name, pa.string()) for name in TEXTS)]
    schema += [("population_stability_index", pa.float64()), ("js_distance", pa.float64())]
    _write(tmp_path, "inference_drift_metrics", pa.Table.from_pylist(rows, schema=pa.schema(schema)))
    found = [(":table", week, "evaluated", 0.0) for week in (1, 2)] + OVER
    findings = [
        {"window": WEEKS[week], "granularity": "1 week", "column_name": column, "kind": kind, "effect": 0.1 * excess,
         "limit": 0.1, "excess": excess, "words": f"<{kind}>"}
        for column, week, kind, excess in found
    ]  # fmt: skip
    schema = [("window", WINDOW), *((name, pa.string()) for name in ("granularity", "column_name", "kind", "words"))]
    schema += [(name, pa.float64()) for name in NUMBERS]
    _write(tmp_path, "inference_findings", pa.Table.from_pylist(findings, schema=pa.schema(schema)))
    return Settings(home=tmp_path)


def drawn(settings, **changes):
    """Give the map's cells by column, and the chart."""
    chart = drift_charts(gather(settings, _project(granularities=("1 day", "1 week"), **changes)))[0]
    (trace,) = chart.figure.data
    return {name: list(classes) for name, classes in zip(trace.y, np.asarray(trace.z).tolist(), strict=True)}, chart


def test_a_cell_is_pale_within_its_learnt_limit_coloured_above_and_empty_where_nobody_looked(settings):
    cells, chart = drawn(settings, alerts=AlertPolicy())
    assert list(cells) == ["carrier", "temp", "wind"]  # the furthest over its limit first, whatever its distance
    for name, expected in {"carrier": [None, 0, 4], "temp": [None, 3, 0], "wind": [None, 0, 0]}.items():
        assert [None if np.isnan(one) else one for one in cells[name]] == expected
    trace = chart.figure.data[0]
    assert [list(row) for row in trace.text] == [["", "", "5.0"], ["", "2.4", ""], ["", "", ""]]
    assert "values 0.24, limit 0.1: &lt;values&gt;" in trace.customdata[1][1]
    assert chart.title.startswith("In the week of 21 October 2013, 1 of 3 features was over its limit")


def test_without_a_policy_the_limits_are_the_customary_ones(settings):
    cells, chart = drawn(settings)
    assert cells["wind"] == [4, 4, 4]
    assert cells["carrier"] == [0, 0, 3]
    assert "0.2 of the population stability index" in chart.caption


def _lightness(colour: str) -> float:
    """Give the relative luminance, which every kind of colour blindness leaves nearly as it is."""
    parts = (np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255).tolist()
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True])
def test_the_classes_are_told_apart_by_lightness_alone_and_stand_out_from_the_page(dark):
    colours = [DARK[colour] if dark else colour for _, _, colour in DRIFT]
    page = _lightness(DARK["#ffffff"] if dark else "#ffffff")
    contrast = [(max(one, page) + 0.05) / (min(one, page) + 0.05) for one in [_lightness(colour) for colour in colours]]
    assert contrast[0] < 1.25  # within the limit is as good as no colour
    assert all(after / before > 1.15 for before, after in itertools.pairwise(contrast)), contrast
    assert contrast[-1] > 7


def test_a_week_is_a_day_of_the_calendar(settings):
    _, chart = drawn(settings, alerts=AlertPolicy())
    assert list(chart.figure.data[0].x) == [f"{dt.date(2013, 10, day).day} Oct" for day in (7, 14, 21)]
    assert pd.notna(chart.figure.data[0].zmax)
