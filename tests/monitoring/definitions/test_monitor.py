"""Definitions refuse what cannot be computed, when they are made."""

from __future__ import annotations

import dataclasses

import pytest

from headwater import monitoring
from headwater.monitoring import Monitor, MonitorInferenceLog, MonitorSnapshot, MonitorTimeSeries, Threshold

LOG = {"timestamp_col": "t", "granularities": ("1 day",), "prediction_col": "p", "model_id_col": "m"}


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"problem_type": "ranking"}, "not a problem type"),
        ({"granularities": ("1 days",)}, "Did you mean '1 day'"),
        ({"granularities": "1 day"}, "takes several"),
        ({"granularities": ()}, "at least one"),
        ({"granularities": ("1 day", "1 day")}, "each once"),
        ({"label_col": "p"}, "each of its columns once"),
        ({"problem_type": "regression", "prediction_proba_col": "s"}, "no meaning for a regression"),
        ({"positive_class": "1"}, "whose probability"),
    ],
)
def test_a_wrong_inference_log_is_refused(changes, match):
    with pytest.raises(ValueError, match=match):
        MonitorInferenceLog(**{"problem_type": "classification", **LOG, **changes})


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"table_name": "a.b.c.d"}, "not a table name"),
        ({"baseline_table_name": ""}, "not a table name"),
        ({"slicing_exprs": "a > 1"}, "takes several"),
        ({"slicing_exprs": ("a", "a")}, "repeated"),
        ({"columns": ("a",), "exclude": ("a",)}, "choose one"),
    ],
)
def test_a_wrong_monitor_is_refused(changes, match):
    with pytest.raises(ValueError, match=match):
        Monitor(**{"table_name": "t", "output_schema": "s", "kind": MonitorSnapshot(), **changes})


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"metric": "psi"}, "not a number in the drift table"),
        ({"metric": "accuracy_score"}, "not a number in the drift table"),
        ({"op": "=="}, "it is one of"),
        ({"n": 3, "m": 2}, "1 ≤ n ≤ m"),
        ({"max_pvalue": 2.0}, "between 0 and 1"),
        ({"relative_to_baseline": True}, "comparison already"),
        ({"granularity": "2 days"}, "it is one of"),
    ],
)
def test_a_wrong_rule_is_refused(changes, match):
    with pytest.raises(ValueError, match=match):
        Threshold(
            **{"name": "r", "metric": "js_distance", "op": ">", "value": 0.1, "drift_type": "BASELINE", **changes}
        )


def test_definitions_are_frozen_and_can_be_keys():
    kind = MonitorTimeSeries(timestamp_col="t", granularities=["1 day", "1 week"])
    monitor = Monitor(table_name="t", output_schema="s", kind=kind, slicing_exprs=["a"])
    assert {monitor: 1}[dataclasses.replace(monitor)] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        monitor.table_name = "u"


def test_the_menu_is_sorted_and_complete():
    assert list(monitoring.__all__) == sorted(monitoring.__all__)
    assert all(getattr(monitoring, name).__doc__ for name in monitoring.__all__)
