"""The one door to the rows of a refresh: in process where that gives the same, else on Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from headwater.monitoring.inputs.in_process import open_in_process

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame, SparkSession

    from headwater.monitoring.definitions.windows import Span
    from headwater.monitoring.inputs.on_spark import OnSpark

__all__ = ["Input", "open_input"]


class Input(Protocol):
    """Rows to profile: the monitored table's, or the baseline's."""

    @property
    def spans(self) -> tuple[Span, ...]:
        """The windows that the rows count for."""
        ...

    @property
    def timeless(self) -> bool:
        """Whether all rows count, whatever their time."""
        ...

    @property
    def df(self) -> DataFrame:
        """The rows as Spark has them."""
        ...

    @property
    def popular(self) -> DataFrame | None:
        """The slices to keep in each window; None: all."""
        ...

    def learn_edges(self, wanted: Sequence[str], *, first_window: bool) -> dict[str, NDArray[np.float64]]:
        """Return the bin edges of the wanted columns that vary: in all rows, or in the first window that has any."""
        ...

    def states(self, log_type: str, edges: Mapping[str, NDArray[np.float64]]) -> DataFrame:
        """Return rows of ``…_histograms``: a state per window, slice, model and column."""
        ...

    def quality(self) -> DataFrame | None:
        """Return the model's quality, a row per window, slice and model that has labels; None without labels."""
        ...


def open_input(spark: SparkSession, name: str, rows: OnSpark) -> Input:
    """Return the rows of the table `name` in the form that is faster."""
    found = open_in_process(spark, name, rows)
    return rows if isinstance(found, str) else found
