"""A feature spec evaluated row by row, from an online store: what an endpoint does with a request.

Types, order, overrides, defaults and functions are those of :func:`headwater.features.evaluate`; tests hold the two together.
They differ where the rules of serving say so: the published row of a key counts whatever the time asked for and however old it
is (`lookback_window` is not looked at, rule 27; how often that mattered is counted), and time columns need not be given.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headwater.features import FeatureSpec, FunctionStep, LookupStep, in_order, json_reader
from headwater.lakehouse import HeadwaterError, InvalidInputError, Settings, arrow_type
from headwater.serving.online.packing import Key, key_packer, row_reader
from headwater.serving.online.store import OnlineStore, OnlineTable
from headwater.serving.online.stores import online_table_of, open_online_store

__all__ = ["FeatureStatus", "FunctionFailedError", "NotPublishedError", "OnlineFeatures", "RequestValueError", "Row"]


_PLAIN = {"boolean": bool, "double": float, "string": str}


class NotPublishedError(HeadwaterError):
    """A feature table is in no online store."""

    def __init__(self, table: str, features: Sequence[str]) -> None:
        super().__init__(table, list(features))
        self.table, self.features = table, list(features)

    def __str__(self) -> str:
        return (
            f"{self.table} is in no online store, and {', '.join(self.features)} must be looked up there: publish it, "
            f"publish_table(online_store=…, source_table_name={self.table!r}, online_table_name=…), or give these values."
        )


class RequestValueError(InvalidInputError):
    """A value of a request is missing or has another type; the value itself is not repeated."""

    def __init__(self, row: int, column: str, problem: str) -> None:
        super().__init__(row, column, problem)
        self.row, self.column, self.problem = row, column, problem

    def __str__(self) -> str:
        return f"Row {self.row}, column {self.column!r}: {self.problem}."


class FunctionFailedError(InvalidInputError):
    """An on-demand function raised for a row."""

    def __init__(self, row: int, function: str, error: str) -> None:
        super().__init__(row, function, error)
        self.row, self.function, self.error = row, function, error

    def __str__(self) -> str:
        return f"Row {self.row}: the function {self.function} failed ({self.error})."


@dataclass(frozen=True)
class FeatureStatus:
    """Where a value of a row came from.

    Attributes
    ----------
    status
        ``found``, ``null`` (the published row has NULL), ``missing`` (the key has no row), ``stale`` (its row is older than the
        online table's `ttl`), ``default`` (in place of one of those), ``overridden`` (the request gave the value), ``computed``.
    time
        The published row's time, in microseconds since 1970 UTC; None where there is none.
    table, version
        The feature table and the Delta version that was published; empty and None for values that are not looked up.
    """

    status: str
    time: int | None = None
    table: str = ""
    version: int | None = None


@dataclass
class Row:
    """The values of a row by column, and, where asked for, where each came from."""

    values: dict[str, Any]
    statuses: dict[str, FeatureStatus] = field(default_factory=dict)


@dataclass(frozen=True)
class _Lookup:
    step: LookupStep
    store: OnlineStore
    online: OnlineTable
    pack: Callable[[Sequence[Any]], Key | None]
    read: Callable[[bytes], list[Any]]
    keys: tuple[str, ...]  # columns of the rows, in the online table's order
    outputs: tuple[tuple[str, int], ...]  # output, place in a packed row


@dataclass(frozen=True)
class _Call:
    step: FunctionStep
    function: Callable[..., Any]
    inputs: tuple[tuple[str, Callable[[Any], Any] | None], ...]  # columns, and their casts to the parameters' types
    result: Callable[[Any], Any]


class OnlineFeatures:
    """Evaluates one feature spec for rows of requests.

    Parameters
    ----------
    spec
        Lookups and functions; declared features are computed by Spark and cannot be served.
    settings
        Whose online stores have the published tables.
    model_inputs
        Whether the columns are a model's inputs, so that a time column among them must be given; else times may be left out.

    Attributes
    ----------
    columns
        Names and SQL types of the columns that a row may give: those it must, and computed ones, which it overrides.

    Raises
    ------
    InvalidInputError
        The spec has declared features.
    """

    def __init__(self, spec: FeatureSpec, settings: Settings, *, model_inputs: bool = True) -> None:
        if spec.declared:
            names = [output for step in spec.declared for output in step.outputs]
            raise InvalidInputError(
                f"{', '.join(names)} are declared features, which Spark computes from their sources: an endpoint cannot. "
                "Materialise them into a feature table and look them up there."
            )
        self.spec, self.settings = spec, settings
        self.lookback_ignored = 0
        times = {step.time[0] for step in spec.lookups if step.time}
        needed = {name for step in spec.functions for name in step.inputs}
        needed |= {key for step in spec.lookups for key, _ in step.keys}
        if model_inputs:
            needed |= {column.name for column in spec.columns}
        self.required = tuple(name for name in spec.required if name in needed or name not in times)
        known = {column.name: column.type for column in (*spec.source, *spec.computed)}
        self.columns: Mapping[str, str] = known
        self._readers = {name: json_reader(kind) for name, kind in known.items()}
        self._source = tuple(column.name for column in spec.source)
        self._steps = in_order(spec.steps, self._source)
        self._calls = {step.output: _call(step, known) for step in spec.functions}
        self._defaults = {name: value for step in spec.lookups for name, value in _defaults(step).items()}
        self._lookups: dict[int, _Lookup] = {}

    def evaluate(self, rows: Sequence[Mapping[str, Any]], *, traced: bool = False) -> list[Row]:
        """Return the spec's source and computed columns for rows of JSON values; other columns are ignored.

        A computed column that a row gives is taken as it is, NULL too. One read of the online store for each lookup, whatever the
        number of rows.

        Raises
        ------
        RequestValueError
            A row lacks a required column, or a value has another type; names the first.
        NotPublishedError
            A feature table is in no online store.
        """
        made = [Row(self._given(at, row)) for at, row in enumerate(rows)]
        if traced:
            for row in made:
                row.statuses = {c.name: FeatureStatus("overridden") for c in self.spec.computed if c.name in row.values}
        for at, step in enumerate(self._steps):
            if isinstance(step, LookupStep):
                self._look_up(at, step, made, traced=traced)
            elif isinstance(step, FunctionStep):
                self._call(self._calls[step.output], made, traced=traced)
        for row in made:
            for name in self._source:
                row.values.setdefault(name, None)
        return made

    def _given(self, at: int, row: Mapping[str, Any]) -> dict[str, Any]:
        values = {}
        for name, read in self._readers.items():
            if name in row:
                try:
                    values[name] = read(row[name])
                except (ValueError, TypeError) as error:
                    raise RequestValueError(at, name, str(error)) from error
        for name in self.required:
            if name not in values:
                raise RequestValueError(at, name, "it is missing, and it is needed")
        return values

    def _look_up(self, at: int, step: LookupStep, rows: Sequence[Row], *, traced: bool) -> None:
        asking = [row for row in rows if any(output not in row.values for output in step.outputs)]
        if not asking:
            return
        lookup = self._lookups.get(at) or self._opened(at, step)
        keys = [lookup.pack([row.values[name] for name in lookup.keys]) for row in asking]
        found = lookup.store.read(lookup.online.name, keys)
        if found is None or found.table.features != lookup.online.features or found.table.keys != lookup.online.keys:
            lookup = self._opened(at, step)  # the table was published anew with other columns, dropped, or moved
            keys = [lookup.pack([row.values[name] for name in lookup.keys]) for row in asking]
            found = lookup.store.read(lookup.online.name, keys)
            if found is None:
                raise NotPublishedError(step.table, step.outputs)
        ttl = found.table.ttl
        oldest = None if ttl is None else (time.time() - ttl) * 1e6
        for row, packed in zip(asking, found.rows, strict=True):
            values = None if packed is None else lookup.read(packed)
            stale = values is not None and oldest is not None and values[0] is not None and values[0] < oldest
            if step.lookback is not None and values is not None:
                self._count_lookback(step, row, values[0])
            self._take(
                lookup, row, None if stale else values, found.table if traced else None, "stale" if stale else "missing"
            )

    def _take(
        self, lookup: _Lookup, row: Row, values: list[Any] | None, table: OnlineTable | None, absent: str
    ) -> None:
        for output, place in lookup.outputs:
            if output in row.values:
                continue
            value = None if values is None else values[place]
            status = absent if values is None else "null" if value is None else "found"
            if value is None and output in self._defaults:
                value, status = self._defaults[output], "default"
            row.values[output] = value
            if table is not None:
                at = None if values is None else values[0]
                row.statuses[output] = FeatureStatus(status, at, table.source, table.version)

    def _count_lookback(self, step: LookupStep, row: Row, at: int | None) -> None:
        asked = row.values.get(step.time[0]) if step.time else None
        now = time.time()
        if isinstance(asked, dt.datetime):
            now = (asked if asked.tzinfo else asked.replace(tzinfo=dt.UTC)).timestamp()
        if at is not None and step.lookback is not None and at < (now - step.lookback.total_seconds()) * 1e6:
            self.lookback_ignored += 1

    def _opened(self, at: int, step: LookupStep) -> _Lookup:
        found = online_table_of(self.settings, step.table)
        if found is None:
            raise NotPublishedError(step.table, step.outputs)
        store, online = found
        columns = {right: left for left, right in step.keys}
        places = {name: place for place, (name, _) in enumerate(online.features, 1)}
        types = dict(online.features)
        for feature, output, kind in step.features:
            if types.get(feature) != kind:
                now = f"is {types[feature]} there" if feature in types else "is no column there"
                raise InvalidInputError(
                    f"The feature {feature!r} of {step.table} ({kind}, output {output!r}) {now}, in the online table "
                    f"{online.name}: train the model again, or publish the table with it."
                )
        self._lookups[at] = _Lookup(
            step,
            open_online_store(self.settings, store),
            online,
            key_packer([kind for _, kind in online.keys]),
            row_reader([kind for _, kind in online.features]),
            tuple(columns[name] for name, _ in online.keys),
            tuple((output, places[feature]) for feature, output, _ in step.features),
        )
        return self._lookups[at]

    def _call(self, call: _Call, rows: Sequence[Row], *, traced: bool) -> None:
        output = call.step.output
        for at, row in enumerate(rows):
            if output in row.values:
                continue
            arguments = [row.values[name] if cast is None else cast(row.values[name]) for name, cast in call.inputs]
            try:
                row.values[output] = call.result(call.function(*arguments))
            except Exception as error:
                raise FunctionFailedError(at, call.step.function.name, type(error).__name__) from error
            if traced:
                row.statuses[output] = FeatureStatus("computed")


def _call(step: FunctionStep, kinds: Mapping[str, str]) -> _Call:
    bound = dict(step.bindings)
    inputs = tuple((bound[name], _cast(kinds[bound[name]], kind)) for name, kind in step.function.parameters)
    return _Call(step, step.function.compiled(), inputs, _typed(step.function.returns))


def _cast(found: str, wanted: str) -> Callable[[Any], Any] | None:
    """Return Arrow's cast of one value, as functions have it of whole columns elsewhere; None if there is nothing to do."""
    if found == wanted:
        return None
    import pyarrow as pa

    first, second = arrow_type(found), arrow_type(wanted)
    return lambda value: None if value is None else pa.scalar(value, first).cast(second).as_py()


def _typed(kind: str) -> Callable[[Any], Any]:
    """Return what makes of a function's result a value of its type, as Arrow does."""
    import pyarrow as pa

    wanted, plain = arrow_type(kind), _PLAIN.get(kind)
    return lambda value: value if value is None or type(value) is plain else pa.scalar(value, wanted).as_py()


def _defaults(step: LookupStep) -> dict[str, Any]:
    import pyarrow as pa

    kinds = {output: kind for _, output, kind in step.features}
    given = {name: value for name, value in step.defaults.items() if value is not None}
    return {name: pa.scalar(value).cast(arrow_type(kinds[name])).as_py() for name, value in given.items()}
