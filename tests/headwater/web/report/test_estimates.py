"""Estimated and realised performance in the report, and what moved the scores: tables that Delta wrote, read without Spark."""

from __future__ import annotations

import re

import pandas as pd
import pyarrow as pa
import pytest

from headwater.lakehouse import Settings
from headwater.monitoring import AlertPolicy
from headwater.web.report import write_report
from headwater.web.report.causes import causes, input_drift, score_changes
from headwater.web.report.estimates import estimated, weekly_estimates
from headwater.web.report.tables import Store
from tests.headwater.web.report.test_report import _browse, _project, _windows, _write

WINDOW = pa.struct([("start", pa.timestamp("us", tz="UTC")), ("end", pa.timestamp("us", tz="UTC"))])
WEEKS = _windows(["2013-10-07", "2013-10-14", "2013-10-21"])
TEXT, NUMBER, WHOLE = pa.string(), pa.float64(), pa.int64()


def _estimates(home, *, labelled=(100, 90, 0)):
    schema = pa.schema(
        [("window", WINDOW), ("granularity", TEXT), ("model_version", TEXT), ("metric", TEXT), ("estimated", NUMBER)]
        + [(name, NUMBER) for name in ("standard_error", "realised", "coverage", "reference")]
        + [("rows", WHOLE), ("labelled_rows", WHOLE), ("alert", pa.bool_())]
        + [(name, NUMBER) for name in ("lower_threshold", "upper_threshold")]
    )
    rows = [
        {
            "window": week, "granularity": granularity, "model_version": "1", "metric": metric,
            "estimated": None if metric == "f1_score" and at == 2 else 0.8 - 0.05 * at, "standard_error": 0.01,
            "realised": 0.82 - 0.05 * at if count else None, "rows": 100, "labelled_rows": count, "coverage": count / 100,
            "reference": 0.8, "lower_threshold": 0.75, "upper_threshold": 0.85, "alert": at == 2,
        }
        for at, (week, count) in enumerate(zip(WEEKS, labelled, strict=True))
        for granularity in ("1 day", "1 week") for metric in ("roc_auc_score", "f1_score", "recall")
    ]  # fmt: skip
    _write(home, "inference_performance_estimates", pa.Table.from_pylist(rows, schema=schema))


def _moved(home, fidelity=0.9):
    schema = pa.schema(
        [
            ("window", WINDOW),
            ("roc_auc", NUMBER),
            ("standard_error", NUMBER),
            ("threshold", NUMBER),
            ("alert", pa.bool_()),
        ]
    )
    rows = [
        {"window": week, "roc_auc": 0.6 + 0.1 * at, "standard_error": 0.01, "threshold": 0.75, "alert": at == 2}
        for at, week in enumerate(WEEKS)
    ]
    _write(home, "inference_input_drift", pa.Table.from_pylist(rows, schema=schema))
    names = ("contribution", "share", "mean_score", "baseline_mean_score", "fidelity")
    schema = pa.schema(
        [("window", WINDOW), *((name, TEXT) for name in ("model_version", "kind", "column_name", "slice_value"))]
        + [(name, NUMBER) for name in names]
    )
    changes = [("input", "wind", None, 0.05), ("input", "temp", None, -0.01), ("input", "x<y", None, 0.002)]
    changes += [("slice", "carrier", "UA", 0.03), ("slice", "carrier", "AA", 0.001)]
    rows = [
        {"window": WEEKS[2], "model_version": "1", "kind": kind, "column_name": column, "slice_value": value}
        | dict(zip(names, (part, 0.4, 0.342, 0.3, fidelity), strict=True))
        for kind, column, value, part in changes
    ]
    _write(home, "inference_score_changes", pa.Table.from_pylist(rows, schema=schema))


def test_estimated_and_realised_stand_side_by_side_with_the_labelled_share(tmp_path):
    _estimates(tmp_path)
    project = _project()
    found = weekly_estimates(Store(Settings(home=tmp_path)), project)
    assert len(found) == 9, "weeks alone"
    html = str(estimated(found, project, []))
    assert html.count('<figure class="chart">') == 2
    for shown in (
        "ROC AUC is estimated at 0.700 ± 0.010 in the window of 21 October; no outcome is known yet",
        "F1 cannot be estimated in the window of 21 October",
        "confidence-based estimation",
        "worse than normal",
    ):
        assert shown in html
    cells = [
        re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>.*?</t[hd]>", html.partition("<tbody>")[2])
    ]
    assert cells[:8] == ["21 October 2013", "1", "100", "0%", "0.700 ± 0.010", "—", "—", "worse than normal"]
    assert cells[8:16] == ["14 October 2013", "1", "100", "90%", "0.750 ± 0.010", "0.770", "2.0", "normal"]


def test_once_labels_have_come_the_title_says_how_far_off_the_estimates_were(tmp_path):
    _estimates(tmp_path, labelled=(100, 90, 95))
    project = _project()
    html = str(estimated(weekly_estimates(Store(Settings(home=tmp_path)), project), project, []))
    said = "ROC AUC is estimated at 0.700 ± 0.010 in the window of 21 October, and is 0.720 for the 95% of rows with an outcome; "
    assert f"{said}estimates were 0.020 off on average" in html


@pytest.mark.parametrize(("fidelity", "told"), [(0.9, True), (0.2, False)])
def test_what_moved_the_scores_is_told_where_the_inputs_explain_them(tmp_path, fidelity, told):
    _moved(tmp_path, fidelity)
    store, project = Store(Settings(home=tmp_path)), _project()
    html = str(causes(input_drift(store, project), score_changes(store, project), project, pd.Timestamp("2013-10-26")))
    assert "a ROC AUC of 0.800 (0.5: not at all): more than the baseline&#39;s own windows differ" in html
    said = (
        "The mean score rose from 0.300 on the holdout of version 1 to 0.342. Most of it came from: wind +0.050, temp -0.010, "
        "x&lt;y +0.002. The slice that moved otherwise than the rest is carrier = AA (40% of the rows): +0.003."
    )
    assert (said in html) == told
    assert ("<table>" in html) == told
    early = causes(input_drift(store, project), score_changes(store, project), project, pd.Timestamp("2013-10-23"))
    assert "window of 14 October 2013" in str(early), "a window that is not half over is not told"


def test_a_limit_that_nothing_can_pass_is_said_as_such(tmp_path):
    _moved(tmp_path)
    store, project = Store(Settings(home=tmp_path)), _project()
    drift = input_drift(store, project).assign(threshold=1.0, alert=False)
    html = str(causes(drift, score_changes(store, project), project, pd.Timestamp("2013-10-26")))
    assert "they cannot say whether the window of" in html
    assert "differ, for which the limit is" not in html


def test_the_page_has_the_section_and_draws_it(tmp_path):
    home = tmp_path / "store"
    empty = write_report(Settings(home=home), _project(), str(tmp_path / "empty.html"))
    assert empty.rows == 0
    assert "before and after the labels" not in (tmp_path / "empty.html").read_text()
    _estimates(home)
    _moved(home)
    out = tmp_path / "air.html"
    assert write_report(Settings(home=home), _project(alerts=AlertPolicy()), str(out)).rows == 2
    assert 'id="performance-before-and-after-the-labels"' in out.read_text()
    dom = _browse(out, tmp_path, "--dump-dom")
    assert dom.count('data-drawn="yes"') == 2
