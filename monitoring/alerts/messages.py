"""An alert as a sentence for people: what changed, by how much, when, and from where on that is an alert."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from headwater.monitoring.definitions.thresholds import Threshold

__all__ = ["sentence"]

_WORDS: Final = {
    "accuracy_score": "accuracy",
    "avg": "mean",
    "avg_delta": "change of the mean",
    "chi_squared_test.pvalue": "p-value (chi-squared)",
    "chi_squared_test.statistic": "chi-squared statistic",
    "count": "number of values",
    "count_delta": "change of the number of values",
    "f1_score.macro": "F1 (macro)",
    "f1_score.weighted": "F1 (weighted)",
    "js_distance": "Jensen-Shannon distance",
    "ks_test.pvalue": "p-value (Kolmogorov-Smirnov)",
    "ks_test.statistic": "Kolmogorov-Smirnov statistic",
    "l_infinity_distance": "largest change of a share",
    "max": "maximum",
    "min": "minimum",
    "num_nan": "number of NaN",
    "num_nulls": "number of nulls",
    "num_zeros": "number of zeros",
    "percent_distinct": "share of different values (%)",
    "percent_distinct_delta": "change of the share of different values (points)",
    "percent_nan": "share of NaN (%)",
    "percent_null": "share of nulls (%)",
    "percent_null_delta": "change of the share of nulls (points)",
    "percent_zeros": "share of zeros (%)",
    "percent_zeros_delta": "change of the share of zeros (points)",
    "population_stability_index": "PSI",
    "r2_score": "R²",
    "roc_auc_score.one_vs_one.macro": "ROC AUC (macro)",
    "roc_auc_score.one_vs_one.weighted": "ROC AUC",
    "stddev": "standard deviation",
    "tv_distance": "total variation distance",
    "wasserstein_distance": "Wasserstein distance",
}


def sentence(
    rule: Threshold,
    column: str,
    start: dt.datetime,
    granularity: str,
    value: float,
    *,
    baseline: float | None = None,
    slice_: tuple[str, str] | None = None,
    model: str | None = None,
    count: int = 1,
) -> str:
    """Return the alert in words.

    Parameters
    ----------
    value
        The metric in the window; for a rule relative to the baseline its difference to `baseline`.
    start
        Start of the window, UTC.
    count
        How many of the last `rule.m` windows violate the rule.

    Examples
    --------
    >>> from headwater.monitoring.definitions.thresholds import default_rules
    >>> psi, *_, area = default_rules()
    >>> sentence(psi, "delay", dt.datetime(2013, 10, 7), "1 week", 0.4512, count=2)
    'PSI of delay against the baseline is 0.451 in the week from 2013-10-07 (alert: 0.2 or more; 2 of the last 3 windows).'
    >>> sentence(area, ":table", dt.datetime(2013, 10, 7), "1 week", -0.0686, baseline=0.748, model="3", count=2)
    'ROC AUC of model 3 is 0.679 in the week from 2013-10-07, 0.0686 below the baseline (alert: 0.03 or
     more below; 2 of the last 3 windows).'
    """
    metric = _WORDS.get(rule.metric, rule.metric.replace("_", " "))
    of_model = "" if model is None else " for all models together" if model == "*" else f" for model {model}"
    subject = f" of {column}{of_model}" if column != ":table" else of_model.replace(" for ", " of ", 1)
    where = "" if slice_ is None else f" where {slice_[0]} is {slice_[1]}"
    against = {"BASELINE": " against the baseline", "CONSECUTIVE": " against the window before"}
    compared = against.get(rule.drift_type or "", "")
    when = f"in the {granularity.removeprefix('1 ')} from {_moment(start)}"
    often = f"; {count} of the last {rule.m} windows" if rule.m > 1 else ""
    bound = _bound(rule)
    if rule.relative_to_baseline and baseline is not None:
        side = "below" if value < 0 else "above"
        change = f", {_number(abs(value))} {side} the baseline"
        return (
            f"{_capital(metric)}{subject}{where} is {_number(baseline + value)} {when}{change} (alert: {bound}{often})."
        )
    return f"{_capital(metric)}{subject}{where}{compared} is {_number(value)} {when} (alert: {bound}{often})."


def _bound(rule: Threshold) -> str:
    value, side = rule.value, ""
    if rule.relative_to_baseline:
        side = " below" if rule.op.startswith("<") else " above"
        value = abs(value)
        return f"{'more than ' if len(rule.op) == 1 else ''}{value:g}{' or more' if len(rule.op) == 2 else ''}{side}"
    either = " either way" if rule.absolute else ""
    words = {">": f"over {value:g}", ">=": f"{value:g} or more", "<": f"under {value:g}", "<=": f"{value:g} or less"}
    return words[rule.op] + either


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _moment(time: dt.datetime) -> str:
    return f"{time:%Y-%m-%d}" if time.time() == dt.time(0) else f"{time:%Y-%m-%d %H:%M} UTC"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
