"""Rows to profile, as Spark reads them: any table, view and slicing expression, of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.monitoring.definitions.monitor import Monitor
from headwater.monitoring.definitions.windows import BASELINE, Span, longest, time_of, window_end, window_index
from headwater.monitoring.metrics.quality import quality
from headwater.monitoring.states.bin_edges import learn_edges
from headwater.monitoring.states.cells import only_popular, popular_slices
from headwater.monitoring.states.columns import ProfiledColumn, prepared, timestamp, within
from headwater.monitoring.states.scan import Scan, merged_states, partial_states, state_schema
from headwater.monitoring.states.state_rows import arrow_schema
from headwater.monitoring.tables.schemas import histograms_schema

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

__all__ = ["OnSpark", "first_window_end"]


@dataclass(frozen=True)
class OnSpark:
    """Rows of a DataFrame, all of which count if `timeless`, else those within the spans. No action but where it is said."""

    all_rows: DataFrame
    monitor: Monitor
    columns: tuple[ProfiledColumn, ...]
    spans: tuple[Span, ...]
    timeless: bool
    version: int | None

    @cached_property
    def df(self) -> DataFrame:
        """The rows of any touched window."""
        return self.all_rows if self.timeless else within(self.all_rows, self.monitor, self.spans)

    @cached_property
    def popular(self) -> DataFrame | None:
        """The slices to keep; None where every slicing expression is boolean or there is none."""
        from pyspark.sql import functions as F

        exprs = self.monitor.slicing_exprs
        if not exprs or all(f.dataType.simpleString() == "boolean" for f in self.df.select(*map(F.expr, exprs)).schema):
            return None
        return popular_slices(prepared(self.df, (), self.monitor, timeless=self.timeless), self.spans, exprs)

    def learn_edges(self, wanted: Sequence[str], *, first_window: bool) -> dict[str, NDArray[np.float64]]:
        """Return the bin edges of the wanted columns that vary: in all rows, or in the first window that has any. Two jobs."""
        df = self._first_window() if first_window else self.df
        return learn_edges(prepared(df, self.columns, self.monitor, timeless=self.timeless), self.columns, wanted)

    def states(self, log_type: str, edges: Mapping[str, NDArray[np.float64]]) -> DataFrame:
        """Return rows of ``…_histograms``; one shuffle, of states."""
        from pyspark.sql import functions as F

        scan = Scan(self.columns, tuple(self.monitor.slicing_exprs), self.spans, edges, arrow_schema(state_schema()))
        rows = prepared(self.df, self.columns, self.monitor, timeless=self.timeless)
        partial = partial_states(rows, scan, models=self.monitor.model_id_col is not None)
        merged = merged_states(only_popular(partial, self.popular), edges)
        start, end = F.timestamp_micros("start_micros"), F.timestamp_micros("end_micros")
        window = F.when(F.col("granularity") != BASELINE, F.struct(start.alias("start"), end.alias("end")))
        added = {
            "window": window,
            "log_type": F.lit(log_type),
            "logging_table_commit_version": F.lit(self.version).cast("int"),
            "monitor_version": F.lit(self.monitor.monitor_version).cast("bigint"),
            "edges": F.lit(None).cast("array<double>"),
        }
        named = merged.withColumns(added).withColumn("granularity", F.nullif(F.col("granularity"), F.lit(BASELINE)))
        return named.select(*histograms_schema().names)

    def quality(self) -> DataFrame | None:
        """Return quality by cell; None without labels."""
        return quality(self.df, self.monitor, self.spans, self.popular, timeless=self.timeless)

    def _first_window(self) -> DataFrame:
        from pyspark.sql import functions as F

        time = timestamp(self.df, self.monitor)
        first = self.df.agg(F.unix_micros(F.min(time)).alias("first")).collect()[0]["first"]
        if first is None:
            return self.df
        end = lakehouse.sql_time(time_of(first_window_end(first, self.spans)))
        return self.df.where(time < F.expr(f"TIMESTAMP '{end}'"))


def first_window_end(first: int, spans: tuple[Span, ...]) -> int:
    """Return the end of the window of the longest granularity that holds a moment; microseconds."""
    import numpy as np

    granularity = longest(span.granularity for span in spans)
    return window_end(int(window_index(np.array([first]), granularity)[0]), granularity)
