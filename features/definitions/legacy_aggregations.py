"""The older way to declare windowed aggregations, several of one table at once: they become declared features."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

from headwater.features.definitions.aggregations.function import Function
from headwater.features.definitions.aggregations.registry import aggregation_functions
from headwater.features.definitions.feature import AggregationFunction, Feature
from headwater.features.definitions.lookups import as_names
from headwater.features.definitions.sources import DeltaTableSource
from headwater.features.definitions.windows import RollingWindow, SlidingWindow, TimeWindow, epoch_micros, micros
from headwater.lakehouse import InvalidInputError, TableName

__all__ = ["Aggregation", "FeatureAggregations"]


@dataclass(frozen=True, init=False)
class Aggregation:
    """An aggregation over a window: `function` is an operator, or its name beside a `column`.

    Examples
    --------
    >>> week = RollingWindow(window_duration=dt.timedelta(days=7))
    >>> Aggregation(function="sum", column="amount", time_window=week).output_column
    'amount_sum_rolling_7d'
    """

    function: Function
    time_window: TimeWindow
    output_column: str
    filter_condition: str | None

    def __init__(
        self,
        *,
        function: str | Function,
        time_window: TimeWindow | None = None,
        column: str | None = None,
        output_column: str | None = None,
        filter_condition: str | None = None,
        **kwargs: Any,
    ) -> None:
        window = time_window if time_window is not None else kwargs.get("window")
        if isinstance(function, str):
            of_a_column = _functions_of_a_column()
            if function not in of_a_column:
                raise InvalidInputError(
                    f"There is no aggregation {function!r}. Known: {', '.join(sorted(of_a_column))}."
                )
            if column is None:
                raise InvalidInputError(f"The aggregation {function!r} needs a column.")
            function = of_a_column[function](column)
        checked = AggregationFunction(function, window)  # type: ignore[arg-type]
        object.__setattr__(self, "function", checked.operator)
        object.__setattr__(self, "time_window", checked.time_window)
        automatic = f"{checked.operator.input}_{checked.operator.name}_{checked.time_window.name}"
        object.__setattr__(self, "output_column", output_column or automatic)
        object.__setattr__(self, "filter_condition", filter_condition)

    @property
    def column(self) -> str:
        """The column that is aggregated."""
        return self.function.input

    @property
    def window(self) -> TimeWindow:
        """The window."""
        return self.time_window


@dataclass(frozen=True, kw_only=True)
class FeatureAggregations:
    """Aggregations of one table, to be given among the `features` of a training set.

    Parameters
    ----------
    granularity
        Rolling windows end at multiples of it, counted from `start_time`, as sliding ones do.
    start_time, end_time
        The time for which a table of these aggregations is wanted. Values in a training set do not depend on the end.
    """

    source_table: str
    lookup_key: str | Sequence[str]
    timestamp_key: str
    granularity: dt.timedelta
    start_time: dt.datetime
    end_time: dt.datetime | None = None
    aggregations: Sequence[Aggregation]

    def __post_init__(self) -> None:
        object.__setattr__(self, "aggregations", tuple(self.aggregations))
        if not isinstance(self.granularity, dt.timedelta) or self.granularity <= dt.timedelta(0):
            raise InvalidInputError(f"granularity must be a timedelta over 0, found {self.granularity!r}.")
        if not isinstance(self.start_time, dt.datetime):
            raise InvalidInputError(
                f"start_time must be a datetime (UTC where it has no zone), found {self.start_time!r}."
            )
        if not self.aggregations:
            raise InvalidInputError(f"FeatureAggregations of {self.source_table} has no aggregations.")
        if len(self.source_table.split(".")) != 3:
            raise InvalidInputError(f"source_table must be catalog.schema.table, found {self.source_table!r}.")

    @property
    def features(self) -> tuple[Feature, ...]:
        """The aggregations as declared features."""
        name = TableName.parse(self.source_table, catalog="", schema="")
        return tuple(
            Feature(
                source=DeltaTableSource(
                    catalog_name=name.catalog,
                    schema_name=name.schema,
                    table_name=name.table,
                    filter_condition=one.filter_condition,
                ),
                function=AggregationFunction(one.function, self._window(one.time_window)),
                entity=as_names(self.lookup_key),
                timeseries_column=self.timestamp_key,
                name=one.output_column,
            )
            for one in self.aggregations
        )

    def _window(self, window: TimeWindow) -> TimeWindow:
        if not isinstance(window, RollingWindow):
            return window
        first = epoch_micros(self.start_time) % micros(self.granularity)
        return SlidingWindow(
            window_duration=window.window_duration,
            slide_duration=self.granularity,
            delay=window.delay,
            offset=dt.timedelta(microseconds=first),
            start_time=window.start_time,
        )


def _functions_of_a_column() -> dict[str, Callable[[str], Function]]:
    """Return the functions that need a column and no other parameter, by their names in SQL."""
    return {
        one.kind: one
        for one in aggregation_functions().values()
        if [field.name for field in fields(one) if field.default is MISSING] == ["input"]  # type: ignore[arg-type]
    }
