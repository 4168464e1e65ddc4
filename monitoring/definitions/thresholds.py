"""Rules: when a metric of the profile or drift table is too much."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from headwater.lakehouse import InvalidInputError, known
from headwater.monitoring.definitions.windows import GRANULARITIES, SNAPSHOT

__all__ = ["Threshold", "default_rules"]

OPERATORS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
DRIFT_METRICS: Final = (
    "count_delta", "avg_delta", "percent_null_delta", "percent_zeros_delta", "percent_distinct_delta", "js_distance",
    "ks_test.statistic", "ks_test.pvalue", "wasserstein_distance", "population_stability_index",
    "chi_squared_test.statistic", "chi_squared_test.pvalue", "tv_distance", "l_infinity_distance",
)  # fmt: skip
PROFILE_METRICS: Final = (
    "count", "num_nulls", "avg", "min", "max", "stddev", "num_zeros", "num_nan", "median", "distinct_count",
    "percent_nan", "percent_null", "percent_zeros", "percent_distinct", "accuracy_score", "precision.macro",
    "precision.weighted", "recall.macro", "recall.weighted", "f1_score.macro", "f1_score.weighted", "log_loss",
    "roc_auc_score.one_vs_one.macro", "roc_auc_score.one_vs_one.weighted", "mean_squared_error",
    "root_mean_squared_error", "mean_average_error", "mean_absolute_percentage_error", "r2_score",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A rule: alert if `n` of the last `m` windows violate it, and the newest one does.

    Parameters
    ----------
    name
        Stands in the alerts; one per rule.
    metric
        Column of the drift table if `drift_type` is given, else of the profile table; a field of a struct with a dot.
    op, value
        A window violates if ``metric op value``. NULL and NaN never do.
    drift_type
        ``"BASELINE"`` or ``"CONSECUTIVE"``.
    granularity
        Which windows; None takes each of the monitor's granularities by itself.
    columns
        Which columns (``":table"`` for the table's row); None is all.
    n, m
        A window without rows counts as one that does not violate.
    max_pvalue
        For drift: also ask that the p-value of the column's test (KS or chi-squared), corrected by Benjamini-Hochberg for
        the number of columns of the same window, slice, model and drift type, is at most this. Needs the tests' p-values,
        which at many rows alarm on anything: this is why they only narrow a rule on an effect size.
    relative_to_baseline
        For profiles: compare the difference to the baseline row's metric (metric - baseline) in place of the metric.
    absolute
        Compare the size of the metric, whatever its sign.
    slices
        Whether slices are looked at too, or the whole table alone.
    severity
        ``"info"``, ``"warning"`` or ``"critical"``.
    concerns
        ``"drift"``, ``"data"`` or ``"performance"``: what :func:`monitoring.should_retrain` decides by.

    Examples
    --------
    >>> Threshold(name="psi", metric="population_stability_index", op=">=", value=0.2, drift_type="BASELINE").n_of_m
    '1 of 1'
    >>> Threshold(name="psi", metric="psi", op=">=", value=0.2, drift_type="BASELINE")
    Traceback (most recent call last):
    headwater.lakehouse.errors.InvalidInputError: The rule 'psi' asks for 'psi', which is not a number in the drift table. ...
    """

    name: str
    metric: str
    op: Literal[">", ">=", "<", "<="]
    value: float
    drift_type: Literal["BASELINE", "CONSECUTIVE"] | None = None
    granularity: str | None = None
    columns: Sequence[str] | None = None
    n: int = 1
    m: int = 1
    max_pvalue: float | None = None
    relative_to_baseline: bool = False
    absolute: bool = False
    slices: bool = False
    severity: Literal["info", "warning", "critical"] = "warning"
    concerns: Literal["drift", "data", "performance"] = "drift"

    def __post_init__(self) -> None:
        rule = f"The rule {self.name!r}"
        metrics, table = (DRIFT_METRICS, "drift") if self.drift_type else (PROFILE_METRICS, "profile")
        if not self.name:
            raise InvalidInputError("A rule needs a name, found ''.")
        if self.metric not in metrics:
            facts = f"{rule} asks for {self.metric!r}, which is not a number in the {table} table."
            raise InvalidInputError(f"{facts} {known(self.metric, metrics)}")
        choices: dict[str, tuple[object, Sequence[object]]] = {
            "op": (self.op, list(OPERATORS)),
            "drift_type": (self.drift_type, [None, "BASELINE", "CONSECUTIVE"]),
            "granularity": (self.granularity, [None, *GRANULARITIES, SNAPSHOT]),
            "severity": (self.severity, ["info", "warning", "critical"]),
            "concerns": (self.concerns, ["drift", "data", "performance"]),
        }
        for field, (found, allowed) in choices.items():
            if found not in allowed:
                raise InvalidInputError(f"{rule} has {field}={found!r}; it is one of {allowed}.")
        if not 1 <= self.n <= self.m:
            raise InvalidInputError(f"{rule} asks for {self.n} of {self.m} windows: choose 1 ≤ n ≤ m.")
        if self.max_pvalue is not None and (self.drift_type is None or not 0 < self.max_pvalue < 1):
            raise InvalidInputError(
                f"{rule} has max_pvalue={self.max_pvalue}: max_pvalue must lie between 0 and 1, and needs a drift_type."
            )
        if self.relative_to_baseline and self.drift_type is not None:
            raise InvalidInputError(
                f"{rule} is on drift, which is a comparison already: leave out relative_to_baseline."
            )
        if isinstance(self.columns, str):
            raise InvalidInputError(
                f"columns takes several names, found one text {self.columns!r}: write ({self.columns!r},)."
            )
        if self.columns is not None:
            object.__setattr__(self, "columns", tuple(self.columns))

    @property
    def n_of_m(self) -> str:
        """The windows it takes, in words."""
        return f"{self.n} of {self.m}"

    def violated(self, value: float) -> bool:
        """Say whether a value violates the rule."""
        return OPERATORS[self.op](abs(value) if self.absolute else value, self.value)


def default_rules(
    *, granularity: str | None = None, n: int = 2, m: int = 3, max_pvalue: float = 0.01
) -> tuple[Threshold, ...]:
    """Return sensible rules against the baseline: drift by size and significance together, nulls, and quality.

    Parameters
    ----------
    granularity
        Which windows; None takes each of the monitor's granularities by itself.
    n, m
        Windows for drift and nulls. Quality asks for the same.
    max_pvalue
        Corrected by Benjamini-Hochberg over the columns of a window.

    Notes
    -----
    PSI from 0.2 and JS distance from 0.1 are called significant in the literature on credit scoring and in Evidently's
    defaults respectively; a quality drop is 0.03 of ROC area or accuracy, or 10 % of nulls more (percentage points).

    Examples
    --------
    >>> [rule.name for rule in default_rules()]
    ['numeric drift', 'categorical drift', 'null share', 'accuracy drop', 'ROC area drop']
    """
    drift: Literal["BASELINE"] = "BASELINE"
    return (
        Threshold(
            name="numeric drift", metric="population_stability_index", op=">=", value=0.2, drift_type=drift,
            granularity=granularity, n=n, m=m, max_pvalue=max_pvalue,
        ),
        Threshold(
            name="categorical drift", metric="js_distance", op=">=", value=0.1, drift_type=drift,
            granularity=granularity, n=n, m=m, max_pvalue=max_pvalue,
        ),
        Threshold(
            name="null share", metric="percent_null_delta", op=">=", value=10.0, drift_type=drift,
            granularity=granularity, n=n, m=m, absolute=True, concerns="data",
        ),
        Threshold(
            name="accuracy drop", metric="accuracy_score", op="<=", value=-0.03, columns=(":table",),
            granularity=granularity, n=n, m=m, relative_to_baseline=True, severity="critical", concerns="performance",
        ),
        Threshold(
            name="ROC area drop", metric="roc_auc_score.one_vs_one.weighted", op="<=", value=-0.03, columns=(":table",),
            granularity=granularity, n=n, m=m, relative_to_baseline=True, severity="critical", concerns="performance",
        ),
    )  # fmt: skip
