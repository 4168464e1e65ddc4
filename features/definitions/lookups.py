"""What a training set asks of the store: lookups in feature tables, and functions of what is there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.lakehouse import InvalidInputError

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


@dataclass(frozen=True, init=False)
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
    **kwargs
        The older words ``feature_name`` and ``output_name``, for one feature; others are an error.

    Examples
    --------
    >>> FeatureLookup("ml.customers", "customer_id", feature_names="age").feature_names
    ('age',)
    """

    table_name: str
    lookup_key: str | Sequence[str]
    feature_names: str | Sequence[str] | None
    rename_outputs: Mapping[str, str]
    timestamp_lookup_key: str | Sequence[str] | None
    lookback_window: dt.timedelta | None
    default_values: Mapping[str, Any]

    def __init__(
        self,
        table_name: str,
        lookup_key: str | Sequence[str],
        *,
        feature_names: str | Sequence[str] | None = None,
        rename_outputs: Mapping[str, str] | None = None,
        timestamp_lookup_key: str | Sequence[str] | None = None,
        lookback_window: dt.timedelta | None = None,
        default_values: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        feature, output = kwargs.pop("feature_name", None), kwargs.pop("output_name", None)
        if kwargs:
            raise TypeError(f"FeatureLookup on {table_name} got unknown arguments: {', '.join(sorted(kwargs))}.")
        if feature is not None and feature_names is not None:
            raise InvalidInputError(f"FeatureLookup on {table_name} takes feature_names or feature_name, not both.")
        if output is not None and feature is None:
            raise InvalidInputError(
                f"FeatureLookup on {table_name}: output_name renames the output of feature_name: give feature_name as well."
            )
        renamed = dict(rename_outputs or {}) | ({feature: output} if output is not None else {})
        given = {
            "table_name": table_name,
            "lookup_key": lookup_key,
            "feature_names": feature if feature is not None else feature_names,
            "rename_outputs": renamed,
            "timestamp_lookup_key": timestamp_lookup_key,
            "lookback_window": lookback_window,
            "default_values": dict(default_values or {}),
        }
        for name, value in given.items():
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
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


@dataclass(frozen=True, init=False)
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
    input_bindings: Mapping[str, str]
    output_name: str

    def __init__(
        self, *, udf_name: str, input_bindings: Mapping[str, str] | None = None, output_name: str | None = None
    ) -> None:
        if not isinstance(udf_name, str) or not udf_name:
            raise InvalidInputError(f"FeatureFunction needs the name of a function, found {udf_name!r}.")
        object.__setattr__(self, "udf_name", udf_name)
        object.__setattr__(self, "input_bindings", dict(input_bindings or {}))
        object.__setattr__(self, "output_name", output_name or udf_name.rsplit(".", 1)[-1].strip("`"))
