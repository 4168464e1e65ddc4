"""Declared features: source, entity, time, function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace

from headwater.features.definitions.aggregations.function import Function
from headwater.features.definitions.lookups import as_names
from headwater.features.definitions.sources import DataSource
from headwater.features.definitions.windows import TimeWindow
from headwater.lakehouse import InvalidInputError

__all__ = [
    "AggregationFunction",
    "ColumnSelection",
    "CustomUDF",
    "Feature",
    "FeatureViewSource",
    "RowTransformation",
]


@dataclass(frozen=True)
class AggregationFunction:
    """An operator over a time window."""

    operator: Function
    time_window: TimeWindow

    def __post_init__(self) -> None:
        if not isinstance(self.operator, Function):
            raise InvalidInputError(f"operator must be one of Sum, Avg, Count, First, …, found {self.operator!r}.")
        if not isinstance(self.time_window, TimeWindow):
            raise InvalidInputError(
                f"time_window must be one of RollingWindow, TumblingWindow, SlidingWindow, SawtoothWindow, found "
                f"{self.time_window!r}."
            )

    @property
    def function(self) -> Function:
        """The operator."""
        return self.operator

    @property
    def inputs(self) -> list[str]:
        """The columns that are aggregated."""
        return self.operator.inputs

    @property
    def name(self) -> str:
        """Part of a feature's automatic name."""
        return self.operator.name


class RowTransformation:
    """A function of one row: a column as it is (ColumnSelection), or a Python function of columns (CustomUDF)."""

    @property
    def input_names(self) -> list[str]:
        """The columns that it needs."""
        raise InvalidInputError("A RowTransformation is a ColumnSelection or a CustomUDF: make one of these.")

    @property
    def default_feature_name(self) -> str:
        """A feature's automatic name."""
        raise InvalidInputError("A RowTransformation is a ColumnSelection or a CustomUDF: make one of these.")


@dataclass(frozen=True)
class ColumnSelection(RowTransformation):
    """A column as it is, of the newest row at or before the label time."""

    column: str

    def __post_init__(self) -> None:
        if not isinstance(self.column, str) or not self.column:
            raise InvalidInputError(f"ColumnSelection takes the name of a column, found {self.column!r}.")

    @property
    def input_names(self) -> list[str]:
        """The column."""
        return [self.column]

    @property
    def default_feature_name(self) -> str:
        """The column's name."""
        return self.column


@dataclass(frozen=True, init=False)
class CustomUDF(RowTransformation):
    """A Python function of the catalog, of the newest row at or before the label time, or of what a request brings.

    Parameters
    ----------
    function_name
        Name of the function, see :func:`features.create_function`.
    input_bindings
        Column for each parameter; a parameter that is not named takes the column of its own name.
    """

    function_name: str
    bindings: tuple[tuple[str, str], ...]

    def __init__(self, function_name: str, input_bindings: Mapping[str, str] = {}) -> None:
        if not isinstance(function_name, str) or not function_name:
            raise InvalidInputError(f"CustomUDF takes the name of a function, found {function_name!r}.")
        object.__setattr__(self, "function_name", function_name)
        object.__setattr__(self, "bindings", tuple(dict(input_bindings or {}).items()))

    @property
    def input_bindings(self) -> dict[str, str]:
        """Column for each parameter that was named."""
        return dict(self.bindings)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function_name

    @property
    def input_names(self) -> list[str]:
        """The columns that were bound."""
        return list(self.input_bindings.values())

    @property
    def default_feature_name(self) -> str:
        """The last part of the function's name."""
        return self.function_name.rsplit(".", 1)[-1].strip("`")


@dataclass(frozen=True)
class Feature:
    """A function of keys and a time.

    Parameters
    ----------
    source
        Where the rows come from.
    function
        An aggregation over a window, a column as it is, or a Python function of columns.
    entity
        Key columns of the source, and of the rows to compute the feature for. None of a request's columns and of features.
    timeseries_column
        The time at which a row was known (TIMESTAMP, UTC), and the time of the rows to compute the feature for. Aggregations
        need one; without one a column is that of the entity's only row.
    name
        Default: ``amount_sum_rolling_7d``, ``amount``.
    catalog_name, schema_name
        Where the feature is registered; None where it is not.

    Examples
    --------
    >>> import datetime as dt
    >>> from headwater.features import DeltaTableSource, RollingWindow, Sum
    >>> source = DeltaTableSource(catalog_name="main", schema_name="ml", table_name="sales")
    >>> week = RollingWindow(window_duration=dt.timedelta(days=7))
    >>> Feature(source=source, function=AggregationFunction(Sum("amount"), week), entity="shop", timeseries_column="at").name
    'amount_sum_rolling_7d'
    """

    _: KW_ONLY
    source: DataSource
    function: AggregationFunction | RowTransformation
    entity: str | Sequence[str] | None = None
    timeseries_column: str | None = None
    name: str | None = None
    description: str | None = None
    catalog_name: str | None = None
    schema_name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "entity", as_names(self.entity))
        if not isinstance(self.source, DataSource):
            raise InvalidInputError(f"source must be a DeltaTableSource, a DataFrameSource, …, found {self.source!r}.")
        if not isinstance(self.function, AggregationFunction | ColumnSelection | CustomUDF):
            raise InvalidInputError(
                f"function must be an AggregationFunction, a ColumnSelection or a CustomUDF, found {self.function!r}."
            )
        if self.name is None:
            object.__setattr__(self, "name", self._automatic_name())
        if not isinstance(self.name, str) or not self.name or "." in self.name:
            raise InvalidInputError(f"A feature's name is a text without dots, found {self.name!r}.")
        self._check_source()

    def _check_source(self) -> None:
        what = f"The feature {self.name} of {self.source.full_name}"
        if not self.source.has_rows:
            if isinstance(self.function, AggregationFunction):
                raise InvalidInputError(f"{what} cannot be an aggregation: there are no rows before it to aggregate.")
            if self.entity or self.timeseries_column:
                raise InvalidInputError(
                    f"{what} takes no entity and no timeseries_column: its columns are in the row itself."
                )
            return
        if not self.entity:
            raise InvalidInputError(f"{what} needs at least one entity column.")
        if len(set(self.entity)) < len(self.entity) or self.timeseries_column in self.entity:
            raise InvalidInputError(
                f"{what} has a column twice among entity and timeseries_column: {list(self.entity)}."
            )
        if isinstance(self.function, AggregationFunction) and not self.timeseries_column:
            raise InvalidInputError(f"{what} aggregates over time: it needs a timeseries_column.")
        if self.timeseries_column is not None and not isinstance(self.timeseries_column, str):
            raise InvalidInputError(
                f"{what} takes the name of one timeseries_column, found {self.timeseries_column!r}."
            )

    @property
    def is_registered(self) -> bool:
        """Whether the feature is kept in a schema."""
        return self.catalog_name is not None and self.schema_name is not None

    @property
    def full_name(self) -> str:
        """``catalog.schema.name`` of a registered feature, else the name."""
        return f"{self.catalog_name}.{self.schema_name}.{self.name}" if self.is_registered else str(self.name)

    @property
    def inputs(self) -> list[str]:
        """The columns that the function needs."""
        if isinstance(self.function, AggregationFunction):
            return self.function.inputs
        return self.function.input_names

    @property
    def time_window(self) -> TimeWindow | None:
        """The window of an aggregation."""
        return self.function.time_window if isinstance(self.function, AggregationFunction) else None

    @property
    def filter_condition(self) -> str | None:
        """What the source's rows are filtered by."""
        found: str | None = getattr(self.source, "filter_condition", None)
        return found

    def clone(self, *, new_name: str | None = None) -> Feature:
        """Return the same feature under another name, not registered."""
        return replace(self, name=new_name or self.name, catalog_name=None, schema_name=None)

    def _automatic_name(self) -> str:
        if isinstance(self.function, AggregationFunction):
            operator = self.function.operator
            return f"{operator.input}_{operator.name}_{self.function.time_window.name}"
        return self.function.default_feature_name


@dataclass(frozen=True, kw_only=True)
class FeatureViewSource(DataSource):
    """Other features: a Python function of them, or one of them, is a feature too. They are computed along with it."""

    features: Sequence[Feature]
    has_rows = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", tuple(self.features))
        strangers = [one for one in self.features if not isinstance(one, Feature)]
        if strangers or not self.features:
            raise InvalidInputError(f"FeatureViewSource takes a list of Feature, found {list(self.features)!r}.")

    @property
    def feature_references(self) -> list[str]:
        """Full names of the features."""
        return [one.full_name for one in self.features]

    @property
    def full_name(self) -> str:
        """What to call the source."""
        return f"the features {', '.join(self.feature_references)}"
