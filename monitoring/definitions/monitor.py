"""What a monitor is: frozen definitions, validated when they are made.

The names are those of Databricks' Python SDK (``quality_monitors.create``), so that a definition moves over unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from headwater.conventions import HISTOGRAMS
from headwater.lakehouse import InvalidInputError, InvalidNameError, TableName, known, quoted
from headwater.monitoring.definitions.metric import MonitorMetric
from headwater.monitoring.definitions.windows import GRANULARITIES

__all__ = ["Monitor", "MonitorInferenceLog", "MonitorKind", "MonitorSnapshot", "MonitorTimeSeries"]

_PROBLEMS = ("classification", "regression")


@dataclass(frozen=True, kw_only=True)
class MonitorInferenceLog:
    """A table of predictions: one row per request, with its time, its model and, once known, its label.

    Parameters
    ----------
    problem_type
        ``"classification"`` or ``"regression"``.
    timestamp_col
        Time of the request, TIMESTAMP or DATE, UTC. Rows without one belong to no window and are left out.
    granularities
        Lengths of the windows, such as ``("1 day", "1 week")``.
    prediction_col, model_id_col
        The model's answer, and which model answered. Rows without a model id count for all models (``'*'``) only.
    label_col
        The truth; NULL until it is known. Quality is computed over the rows that have both prediction and label. Classes are
        compared by value: ``1``, ``1.0`` and ``"1"`` are one class, and so is true where the label is a boolean or such a text.
    prediction_proba_col
        Classification only. A number is the probability of `positive_class`; ``map<string,double>`` has one
        probability per class; ``array<double>`` has one for each of ``"0"``, ``"1"``, … in that order.
    positive_class
        The class whose probability a single number is. Unset: ``"true"`` for a boolean label, else ``"1"``.

    Examples
    --------
    >>> log = MonitorInferenceLog(problem_type="classification", timestamp_col="t", granularities=("1 day",),
    ...                           prediction_col="prediction", model_id_col="model_version", label_col="late")
    >>> log.label_col
    'late'
    >>> MonitorInferenceLog(problem_type="ranking", timestamp_col="t", granularities=("1 day",),
    ...                     prediction_col="prediction", model_id_col="model_version")
    Traceback (most recent call last):
    headwater.lakehouse.errors.InvalidInputError: 'ranking' is not a problem type. Known: classification, regression.
    """

    problem_type: Literal["classification", "regression"]
    timestamp_col: str
    granularities: Sequence[str]
    prediction_col: str
    model_id_col: str
    label_col: str | None = None
    prediction_proba_col: str | None = None
    positive_class: str | None = None

    def __post_init__(self) -> None:
        if self.problem_type not in _PROBLEMS:
            raise InvalidInputError(
                f"{self.problem_type!r} is not a problem type. {known(self.problem_type, _PROBLEMS)}"
            )
        if self.prediction_proba_col and self.problem_type == "regression":
            raise InvalidInputError(
                f"prediction_proba_col={self.prediction_proba_col!r} has no meaning for a regression: leave it out, "
                "or set problem_type='classification'."
            )
        if self.positive_class is not None and not self.prediction_proba_col:
            raise InvalidInputError(
                f"positive_class={self.positive_class!r} says whose probability prediction_proba_col holds: "
                "name that column too, or leave positive_class out."
            )
        names = [self.timestamp_col, self.prediction_col, self.model_id_col, self.label_col, self.prediction_proba_col]
        given = [name for name in names if name is not None]
        if "" in given or len(set(given)) < len(given):
            raise InvalidInputError(f"An inference log names each of its columns once, found {given}.")
        object.__setattr__(self, "granularities", _checked(self.granularities))


@dataclass(frozen=True, kw_only=True)
class MonitorTimeSeries:
    """A table whose rows have a time: profiled by window.

    Examples
    --------
    >>> MonitorTimeSeries(timestamp_col="t", granularities=("1 dya",))
    Traceback (most recent call last):
    headwater.lakehouse.errors.InvalidInputError: '1 dya' is not a granularity. Did you mean '1 day'? Known: ...
    """

    timestamp_col: str
    granularities: Sequence[str]

    def __post_init__(self) -> None:
        if not self.timestamp_col:
            raise InvalidInputError("A time series needs the name of its timestamp_col, found ''.")
        object.__setattr__(self, "granularities", _checked(self.granularities))


@dataclass(frozen=True, kw_only=True)
class MonitorSnapshot:
    """A table without time: each refresh profiles the whole of it, as one window that starts and ends at that moment."""


MonitorKind: TypeAlias = MonitorInferenceLog | MonitorTimeSeries | MonitorSnapshot


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """What is watched, against what, and where the results go. One monitor per table.

    Parameters
    ----------
    table_name
        Delta table or view of what happens in production.
    output_schema
        ``catalog.schema`` (or ``schema``) of the result tables; it is created where it is missing.
    kind
        :class:`MonitorInferenceLog`, :class:`MonitorTimeSeries` or :class:`MonitorSnapshot`.
    baseline_table_name
        Table or view with the same columns that says what normal is, such as the training data. Without one the first
        window's data fix the histogram edges and there is no BASELINE drift.
    slicing_exprs
        SQL expressions over the table. A boolean one gives the slices ``'true'`` and ``'false'``; any other one slice per
        value, the 100 most frequent of the window. NULL belongs to no slice. Slices are never crossed.
    columns, exclude
        The columns to profile (None: all), and those to leave out. Prediction and label are always profiled, the
        timestamp and the model id never: they are the same for a whole row of results.
    custom_metrics
        Metrics of your own, each a further column of ``…_profile_metrics`` or ``…_drift_metrics``. One that is added, or whose
        definition changes, is computed for the baseline and for the windows that are refreshed from then on.
    monitor_version
        Written to every result row; raise it when the definition changes.

    Examples
    --------
    >>> monitor = Monitor(table_name="main.shop.orders", output_schema="main.shop",
    ...                   kind=MonitorTimeSeries(timestamp_col="t", granularities=("1 day",)))
    >>> monitor.profile_table, monitor.drift_table
    ('main.shop.orders_profile_metrics', 'main.shop.orders_drift_metrics')
    """

    table_name: str
    output_schema: str
    kind: MonitorKind
    baseline_table_name: str | None = None
    slicing_exprs: Sequence[str] = ()
    columns: Sequence[str] | None = None
    exclude: Sequence[str] = ()
    custom_metrics: Sequence[MonitorMetric] = ()
    monitor_version: int = 0

    def __post_init__(self) -> None:
        TableName.parse(self.table_name, catalog="catalog", schema="schema")
        if self.baseline_table_name is not None:
            TableName.parse(self.baseline_table_name, catalog="catalog", schema="schema")
        if len(TableName.parse(f"{self.output_schema}.t", catalog="", schema="").schema) == 0:
            raise InvalidNameError("schema name", self.output_schema, "schema or catalog.schema")
        for field in ("slicing_exprs", "columns", "exclude"):
            given = getattr(self, field)
            if isinstance(given, str):
                raise InvalidInputError(
                    f"{field} takes several names or expressions, found one text {given!r}: write ({given!r},)."
                )
            if given is not None:
                object.__setattr__(self, field, tuple(given))
                if len(set(given)) < len(given) or "" in given:
                    raise InvalidInputError(f"{field} has an empty or repeated entry: {list(given)}.")
        object.__setattr__(self, "custom_metrics", tuple(MonitorMetric.of(metric) for metric in self.custom_metrics))
        for drift in (True, False):
            names = [metric.name.lower() for metric in self.custom_metrics if (metric.type == "drift") == drift]
            if len(set(names)) < len(names):
                table = self.drift_table if drift else self.profile_table
                raise InvalidInputError(
                    f"Each custom metric is a column of {table} and has a name of its own, found {names}."
                )
        both = sorted(set(self.columns or ()) & set(self.exclude))
        if both:
            raise InvalidInputError(f"{both} are in columns and in exclude: choose one.")

    @property
    def inference(self) -> MonitorInferenceLog | None:
        """The kind if it is an inference log, else None."""
        return self.kind if isinstance(self.kind, MonitorInferenceLog) else None

    @property
    def timestamp_col(self) -> str | None:
        """Column of the time, or None for a snapshot."""
        return None if isinstance(self.kind, MonitorSnapshot) else self.kind.timestamp_col

    @property
    def granularities(self) -> tuple[str, ...]:
        """The kind's granularities; none for a snapshot."""
        return () if isinstance(self.kind, MonitorSnapshot) else tuple(self.kind.granularities)

    @property
    def model_id_col(self) -> str | None:
        """Column of the model id, or None if this is no inference log."""
        return self.inference.model_id_col if self.inference else None

    @property
    def profile_table(self) -> str:
        """Name of the table of profiles."""
        return self._output("{table}_profile_metrics")

    @property
    def drift_table(self) -> str:
        """Name of the table of drift."""
        return self._output("{table}_drift_metrics")

    @property
    def histograms_table(self) -> str:
        """Name of the table from which profiles and drift are derived."""
        return self._output(HISTOGRAMS)

    @property
    def alerts_table(self) -> str:
        """Name of the table of alerts."""
        return self._output("{table}_alerts")

    @property
    def findings_table(self) -> str:
        """Name of the table of changes that were over their limits, window by window."""
        return self._output("{table}_findings")

    @property
    def incidents_table(self) -> str:
        """Name of the table of incidents: what people are told."""
        return self._output("{table}_incidents")

    @property
    def actions_table(self) -> str:
        """Name of the table of what people did about incidents."""
        return self._output("{table}_incident_actions")

    @property
    def notices_table(self) -> str:
        """Name of the table of what was sent to channels."""
        return self._output("{table}_incident_notices")

    @property
    def estimates_table(self) -> str:
        """Name of the table of estimated and realised performance, window by window."""
        return self._output("{table}_performance_estimates")

    @property
    def references_table(self) -> str:
        """Name of the table of what estimators have learnt of each model's reference."""
        return self._output("{table}_performance_references")

    @property
    def input_drift_table(self) -> str:
        """Name of the table of how well windows are told from the baseline by all inputs together."""
        return self._output("{table}_input_drift")

    @property
    def score_changes_table(self) -> str:
        """Name of the table of what moved the mean score."""
        return self._output("{table}_score_changes")

    @property
    def past_table(self) -> str:
        """Name of the table of the states of the baseline's windows."""
        return self._output("{table}_past")

    @property
    def limits_table(self) -> str:
        """Name of the table of the limits that were learnt from the baseline's windows."""
        return self._output("{table}_limits")

    def _output(self, form: str) -> str:
        table = TableName.parse(self.table_name, catalog="", schema="").table
        name = form.format(table=table)
        return (
            f"{self.output_schema}.{name}"
            if name.replace("_", "").isalnum()
            else f"{self.output_schema}.{quoted(name)}"
        )


def _checked(granularities: Sequence[str]) -> tuple[str, ...]:
    if isinstance(granularities, str):
        raise InvalidInputError(
            f"granularities takes several granularities, found one text {granularities!r}: write ({granularities!r},)."
        )
    for name in granularities:
        if name not in GRANULARITIES:
            raise InvalidInputError(f"{name!r} is not a granularity. {known(name, GRANULARITIES)}")
    if not granularities or len(set(granularities)) < len(granularities):
        raise InvalidInputError(f"Give at least one granularity, and each once, found {list(granularities)}.")
    return tuple(granularities)
