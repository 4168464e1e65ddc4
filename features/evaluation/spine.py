"""The label rows before any lookup, and which feature rows their span of time can find."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from headwater.features.joins.matching.arrow_types import is_key
from headwater.features.joins.pruning import rows_of_label_times
from headwater.features.joins.repeatable import is_cheap, is_repeatable
from headwater.features.joins.sides import size_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["Spine"]

_WORTH_ITS_PASS = 2**25  # bytes of features, from which a pass over the label times may pay where there is a lookback
_WORTH_ITS_PASS_WITHOUT = 2**28
_VERY_FEW = (
    1000  # times as much of features as of labels, from which the labels' keys leave out more than a further scan
)


@dataclass(frozen=True)
class Spine:
    """The label rows before any lookup: of joined rows Spark knows nothing."""

    rows: DataFrame
    _repeatable: dict[tuple[str, ...], bool] = field(default_factory=dict)

    @cached_property
    def size(self) -> int | None:
        """Bytes that Spark expects; None: unknown."""
        return size_of(self.rows)

    @cached_property
    def is_cheap(self) -> bool:
        """Whether it costs little to read them again."""
        return is_cheap(self.rows)

    def is_repeatable(self, names: Sequence[str]) -> bool:
        """Say whether these columns are the rows' own, and the same each time they are evaluated."""
        asked = tuple(dict.fromkeys(names))
        if asked not in self._repeatable:
            self._repeatable[asked] = set(asked) <= set(self.rows.columns) and is_repeatable(self.rows, asked)
        return self._repeatable[asked]

    def rows_within_reach(
        self,
        features: DataFrame,
        size: int | None,
        time: tuple[str, str],
        lookback: dt.timedelta | None,
        keys: Sequence[str],
        used: Sequence[str],
    ) -> DataFrame | None:
        """Return the feature rows that the labels' span of time can find, or None where it is not worth a pass over the times.

        Parameters
        ----------
        features, size
            Feature rows, and the bytes that Spark expects of them.
        keys
            The key columns of `features`.
        used
            All columns of the label rows that the lookup uses.

        Notes
        -----
        Worth it are one scan of label rows, and large tables. Lazy: Spark finds the span as it runs the join; no Spark job.
        """
        worth = _WORTH_ITS_PASS if lookback is not None else _WORTH_ITS_PASS_WITHOUT
        if (size or 0) < worth or not (self.is_cheap and self.is_repeatable(used)):
            return None
        few = self.size is not None and (size or 0) > _VERY_FEW * self.size
        hashed = not few and all(is_key(features.schema[key].dataType) for key in keys)
        return rows_of_label_times(self.rows, features, time, lookback, list(keys) if hashed else [])
