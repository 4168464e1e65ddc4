"""From a prediction back to the rows that it was made of, and to the rows that it would be made of offline.

Each looked-up value of a logged request has beside it the feature table, the Delta version that was published, and its
row's time. Here the value is looked up again, as the table was when the request came and as it is now, each time the
newest row that was not after the request. Where these differ, the cause follows.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.features import FeatureSpec, LookupStep, json_reader
from headwater.lakehouse import HeadwaterError, Settings, TableName

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ExplainedValue", "Explanation", "RequestNotFoundError", "explain_request"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class RequestNotFoundError(HeadwaterError):
    """No logged request has this id."""

    def __init__(self, identifier: str, table: str) -> None:
        super().__init__(identifier, table)
        self.identifier, self.table = identifier, table

    def __str__(self) -> str:
        return (
            f"No request {self.identifier!r} is in {self.table}: requests are there some seconds after their answers, and only "
            "where the endpoint logs them (an id is the answer's header x-request-id, or its client_request_id)."
        )


@dataclass(frozen=True)
class ExplainedValue:
    """A value that a prediction was made of.

    Attributes
    ----------
    row, feature
        Position of the row in the request, and name of the column.
    value
        As the model got it.
    status
        As :class:`headwater.serving.online.lookup.FeatureStatus` has it.
    table, version, time
        Where it was looked up: feature table, Delta version that was published, time of its row; empty or None if it was not.
    offline
        The value as a training set would have it for the time of the request, from the table as it is now.
    cause
        Why the two differ, in words; empty if they do not.
    """

    row: int
    feature: str
    value: Any
    status: str
    table: str
    version: int | None
    time: dt.datetime | None
    offline: Any
    cause: str


@dataclass(frozen=True)
class Explanation:
    """A logged request: the line of its table, and each value that its predictions were made of."""

    line: Mapping[str, Any]
    values: Sequence[ExplainedValue]


def explain_request(settings: Settings, payload_table: str, identifier: str) -> Explanation:
    """Explain a logged request, by its id or its ``client_request_id``; starts no Spark.

    Raises
    ------
    RequestNotFoundError
        No line of the table has this id.
    HeadwaterError
        The endpoint kept no feature values with its requests (``ENABLE_FEATURE_TRACING``), or the model cannot be read.
    """
    line = _line(settings, payload_table, identifier)
    if not line["feature_trace"]:
        raise HeadwaterError(
            f"The request {identifier} has no feature values in {payload_table}: serve with --trace-features, then ask again."
        )
    spec = _spec(settings, str(line["served_entity_id"]))
    at = line["request_time"]
    values = []
    for place, row in enumerate(json.loads(line["feature_trace"])):
        kinds = {column.name: column.type for column in (*spec.source, *spec.computed)}
        known = {name: json_reader(kinds[name])(one) for name, one in row["values"].items() if name in kinds}
        for step in spec.lookups:
            values += _step(settings, step, place, known, row["sources"], at)
        for name in (function.output for function in spec.functions):
            status = row["sources"].get(name, ["computed"])[0]
            values.append(ExplainedValue(place, name, known.get(name), status, "", None, None, known.get(name), ""))
    return Explanation(line, values)


def _line(settings: Settings, payload_table: str, identifier: str) -> dict[str, Any]:
    import pyarrow.dataset as ds

    opened = lakehouse.open_stored(settings, payload_table)
    if not isinstance(opened, str):
        either = (ds.field("databricks_request_id") == identifier) | (ds.field("client_request_id") == identifier)
        found = opened.read_where(either).to_pylist()
        if found:
            return max(found, key=lambda line: line["request_time"])
    raise RequestNotFoundError(identifier, payload_table)


def _spec(settings: Settings, entity: str) -> FeatureSpec:
    from headwater.features import stored_feature_spec
    from headwater.serving.packaged_model import open_model

    name, _, version = entity.rpartition("/")
    return open_model(f"models:/{name}/{version}").spec if name else stored_feature_spec(settings, entity)


def _step(
    settings: Settings,
    step: LookupStep,
    place: int,
    known: Mapping[str, Any],
    sources: Mapping[str, Sequence[Any]],
    at: dt.datetime,
) -> list[ExplainedValue]:
    names = [feature for feature, _, _ in step.features]
    keys = {right: known.get(left) for left, right in step.keys}
    asked = known.get(step.time[0]) if step.time else None
    when = asked if isinstance(asked, dt.datetime) else at
    now = _newest(settings, step, keys, names, None, when)
    then_version = _version_at(settings, step.table, at)
    then = _newest(settings, step, keys, names, then_version, when)
    made = []
    for feature, output, _ in step.features:
        status, micros, table, version = (*sources.get(output, ["overridden", None, "", None]),)
        value = known.get(output)
        time = None if micros is None else _EPOCH + dt.timedelta(microseconds=micros)
        default = step.defaults.get(output)
        offline = _filled(None if now is None else now[feature], default)
        at_request = _filled(None if then is None else then[feature], default)
        cause = ""
        if status == "overridden":
            cause = "the request gave this value" if value != offline else ""
        elif not _same(value, offline):
            cause = _cause(
                step,
                status,
                time,
                when,
                version,
                then_version,
                same_then=_same(value, at_request),
                changed=not _same(at_request, offline),
            )
        made.append(ExplainedValue(place, output, value, status, table, version, time, offline, cause))
    return made


def _cause(
    step: LookupStep,
    status: str,
    time: dt.datetime | None,
    when: dt.datetime,
    version: int | None,
    then_version: int | None,
    *,
    same_then: bool,
    changed: bool,
) -> str:
    """Return why a value differs from the one that is looked up offline now."""
    if status == "stale":
        return "stale: the row was older than the online table's ttl, so it counted as missing"
    if time is not None and time > when:
        return (
            f"newer row: online the newest row counts, of {time:%Y-%m-%d %H:%M:%S}, which is after the time asked for"
        )
    if step.lookback is not None and time is not None and time < when - step.lookback:
        return "lookback: the row is older than the lookback window, which is not looked at online"
    if not same_then and version is not None and then_version is not None and version < then_version:
        return f"stale publish: version {version} was published, and {step.table} was at version {then_version} already"
    if changed:
        return f"late row: {step.table} got the offline value after the request (it was at version {then_version} then)"
    return "unknown: the values differ for another reason"


def _newest(
    settings: Settings,
    step: LookupStep,
    keys: Mapping[str, Any],
    names: Sequence[str],
    version: int | None,
    when: dt.datetime,
) -> dict[str, Any] | None:
    """Return the newest row of a key that is not after a time nor older than the lookback allows; None if there is none."""
    from functools import reduce
    from operator import and_

    import pyarrow.compute as pc
    import pyarrow.dataset as ds

    opened = lakehouse.open_stored(settings, step.table, version)
    if isinstance(opened, str) or None in keys.values():
        return None
    condition = reduce(and_, [ds.field(name) == value for name, value in keys.items()])
    rows: pa.Table = opened.read_where(condition, [*dict.fromkeys([*names, *([step.time[1]] if step.time else [])])])
    if step.time is None:
        return rows.to_pylist()[0] if rows.num_rows else None
    column = rows[step.time[1]]
    limit: Any = when if column.type.tz else when.replace(tzinfo=None)
    there = pc.less_equal(column, limit)
    if step.lookback is not None:
        there = pc.and_(there, pc.greater_equal(column, limit - step.lookback))
    rows = rows.filter(there).sort_by([(step.time[1], "descending")])
    return rows.slice(0, 1).to_pylist()[0] if rows.num_rows else None


def _version_at(settings: Settings, table: str, at: dt.datetime) -> int | None:
    """Return the version that a table had at a time, by the times of its commits."""
    import deltalake

    name = TableName.parse(table, catalog=settings.catalog, schema=settings.default_schema)
    history = deltalake.DeltaTable(lakehouse.table_folder(settings.warehouse, name)).history()
    millis = at.timestamp() * 1000
    return max((int(one["version"]) for one in history if one["timestamp"] <= millis), default=None)


def _filled(value: Any, default: Any) -> Any:
    return default if value is None else value


def _same(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))  # noqa: PLR0124 - NaN
