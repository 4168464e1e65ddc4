"""What a training set asks of the store: lookups in feature tables, and functions of what is there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from lakehouse import InvalidInputError

__all__ = ["FeatureFunction", "FeatureLookup", "as_names"]


def as_names(value: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return a tuple of names from what people write: one name, several, or None for none.

    Examples
    --------
    >>> as_names("a"), as_names(["a", "b"]), as_names(None)
    (('a',), ('a', 'b'), ())
    """
    if value is None:
        return ()
    names = (value,) if isinstance(value, str) else tuple(value)
    wrong = [name for name in names if not isinstance(name, str) or not name]
    if wrong:
        raise InvalidInputError(f"Names are texts that are not empty, found {wrong[0]!r} in {list(names)!r}.")
    return names


@dataclass(frozen=True)
class FeatureLookup:
    """Features to be looked up in one feature table.

    Parameters
    ----------
    table_name
        The feature table.
    lookup_key
        Columns of the spine that match the table's primary keys (without the time key), by position; names may differ.
    feature_names
        Features wanted; None: all columns of the table that are not keys, in the table's order.
    rename_outputs
        New names of features; keys that name no wanted feature are ignored.
    timestamp_lookup_key
        Time column of the spine. Needed for a time series table, refused for another. The row with the greatest time **at
        or before** it is taken, as a whole: a NULL in it stays NULL.
    lookback_window
        Oldest age of that row, **inclusive**; ``timedelta(0)`` is an exact match. Outside it all features are NULL.
    default_values
        By output name: what replaces a missing row's and a stored NULL, at the very end (functions still see the NULL).

    Examples
    --------
    >>> FeatureLookup("ml.customers", "customer_id", feature_names="age").feature_names
    ('age',)
    """

    table_name: str
    lookup_key: str | Sequence[str]
    _: KW_ONLY
    feature_names: str | Sequence[str] | None = None
    rename_outputs: Mapping[str, str] = field(default_factory=dict)
    timestamp_lookup_key: str | Sequence[str] | None = None
    lookback_window: dt.timedelta | None = None
    default_values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.table_name, str) or not self.table_name:
            raise InvalidInputError(f"FeatureLookup needs the name of a feature table, found {self.table_name!r}.")
        keys = as_names(self.lookup_key)
        if not keys:
            raise InvalidInputError(f"FeatureLookup on {self.table_name} needs at least one lookup_key.")
        times = as_names(self.timestamp_lookup_key)
        if len(times) > 1:
            raise InvalidInputError(
                f"FeatureLookup on {self.table_name} takes one timestamp_lookup_key, found {times}."
            )
        if self.lookback_window is not None:
            if not isinstance(self.lookback_window, dt.timedelta) or self.lookback_window < dt.timedelta(0):
                raise InvalidInputError(
                    f"lookback_window on {self.table_name} must be a timedelta of at least 0, found {self.lookback_window!r}."
                )
            if not times:
                raise InvalidInputError(
                    f"lookback_window on {self.table_name} needs a timestamp_lookup_key: it is an age at that time."
                )
        names = None if self.feature_names is None else as_names(self.feature_names)
        object.__setattr__(self, "lookup_key", keys)
        object.__setattr__(self, "feature_names", names or None)
        object.__setattr__(self, "timestamp_lookup_key", times[0] if times else None)
        object.__setattr__(self, "rename_outputs", dict(self.rename_outputs or {}))
        object.__setattr__(self, "default_values", dict(self.default_values or {}))


@dataclass(frozen=True, kw_only=True)
class FeatureFunction:
    """A feature that a Python function of the catalog computes from other columns, on demand.

    Parameters
    ----------
    udf_name
        Name of the function, see :func:`features.create_function`.
    input_bindings
        Column of the spine, feature, or other function's output for each parameter of the function.
    output_name
        Name of the feature; default: the last part of the function's name.

    Examples
    --------
    >>> FeatureFunction(udf_name="main.ml.hour", input_bindings={"t": "at"}).output_name
    'hour'
    """

    udf_name: str
    input_bindings: Mapping[str, str] = field(default_factory=dict)
    output_name: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.udf_name, str) or not self.udf_name:
            raise InvalidInputError(f"FeatureFunction needs the name of a function, found {self.udf_name!r}.")
        object.__setattr__(self, "input_bindings", dict(self.input_bindings or {}))
        object.__setattr__(self, "output_name", self.output_name or self.udf_name.rsplit(".", 1)[-1].strip("`"))
