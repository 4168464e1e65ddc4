"""What a table's properties declare of it as a feature table: keys, time key, id, tags.

So a copied table is still a feature table.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StructType

__all__ = [
    "FeatureTable",
    "checked_keys",
    "declared_key",
    "delete_tag",
    "get_feature_table",
    "key_properties",
    "set_tag",
    "tag_properties",
    "without_key",
]

_KEYS = "headwater.primaryKeys"
_TIME = "headwater.timeseriesColumn"
_ID = "headwater.tableId"
_CREATED = "headwater.createdAt"
_TAG = "headwater.tag."


@dataclass(frozen=True)
class FeatureTable:
    """What is known of a feature table.

    Attributes
    ----------
    primary_keys
        All keys, the time key last.
    timestamp_keys
        The time key, or nothing.
    features
        Columns that are not keys, in the table's order.
    creation_timestamp
        Milliseconds since 1970 UTC.
    table_id
        Changes when a table is dropped and made again.
    """

    name: str
    table_id: str
    description: str
    primary_keys: tuple[str, ...]
    partition_columns: tuple[str, ...]
    features: tuple[str, ...]
    creation_timestamp: int
    timestamp_keys: tuple[str, ...]
    tags: Mapping[str, str]
    schema: StructType
    online_stores: tuple[str, ...] = ()

    @property
    def lookup_keys(self) -> tuple[str, ...]:
        """The primary keys without the time key."""
        return tuple(key for key in self.primary_keys if key not in self.timestamp_keys)


def get_feature_table(spark: SparkSession, name: str) -> FeatureTable:
    """Return what is known of a feature table; no Spark job.

    Raises
    ------
    TableNotFoundError
        There is no such table.
    InvalidInputError
        There is, but it declares no primary key.
    """
    full = lakehouse.resolve(spark, name)
    notes = lakehouse.notes_of(spark, full.quoted)
    properties = notes.properties
    if _KEYS not in properties:
        raise InvalidInputError(
            f"{full} is a table without a primary key, so it is not a feature table: make one with create_table(name, "
            "primary_keys=..., df=...)."
        )
    keys = tuple(json.loads(properties[_KEYS]))
    time_key = (properties[_TIME],) if _TIME in properties else ()
    schema = spark.table(full.quoted).schema
    return FeatureTable(
        name=str(full),
        table_id=properties[_ID],
        description=notes.comment,
        primary_keys=(*(key for key in keys if key not in time_key), *time_key),
        partition_columns=notes.partition_columns,
        features=tuple(field.name for field in schema if field.name not in keys),
        creation_timestamp=int(properties[_CREATED]),
        timestamp_keys=time_key,
        tags={key.removeprefix(_TAG): value for key, value in properties.items() if key.startswith(_TAG)},
        schema=schema,
    )


def key_properties(name: str, primary_keys: Sequence[str], time_key: Sequence[str] = ()) -> dict[str, str]:
    """Return the table properties that declare a primary key, with a new table id: they make a table a feature table.

    Raises
    ------
    InvalidInputError
        Keys and time key do not fit together (rule 2).

    Examples
    --------
    >>> key_properties("main.ml.t", ["ts", "id"], ["ts"])["headwater.primaryKeys"]
    '["id", "ts"]'
    """
    keys = checked_keys(name, tuple(primary_keys), tuple(time_key))
    return {
        _KEYS: json.dumps(keys),
        _ID: uuid.uuid4().hex,
        _CREATED: str(int(time.time() * 1000)),
        **({_TIME: time_key[0]} if time_key else {}),
    }


def declared_key(properties: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    """Return the primary key that a table's properties declare, and its time key; empty where there is none.

    Examples
    --------
    >>> declared_key({"headwater.primaryKeys": '["id", "ts"]', "headwater.timeseriesColumn": "ts"})
    (('id', 'ts'), 'ts')
    >>> declared_key({})
    ((), '')
    """
    return tuple(json.loads(properties.get(_KEYS, "[]"))), properties.get(_TIME, "")


def without_key() -> dict[str, None]:
    """Return the changes to a table's properties that take its primary key away."""
    return {_KEYS: None, _TIME: None}


def tag_properties(tags: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the table properties that hold tags; None for a tag that goes.

    Examples
    --------
    >>> tag_properties({"team": "x"})
    {'headwater.tag.team': 'x'}
    """
    return {_TAG + key: value for key, value in tags.items()}


def set_tag(spark: SparkSession, name: str, key: str, value: str) -> None:
    """Set a tag on a feature table; an older value is replaced."""
    lakehouse.set_table_properties(spark, get_feature_table(spark, name).name, {_TAG + key: value})


def delete_tag(spark: SparkSession, name: str, key: str) -> None:
    """Remove a tag from a feature table.

    Raises
    ------
    InvalidInputError
        The table has no such tag.
    """
    table = get_feature_table(spark, name)
    if key not in table.tags:
        raise InvalidInputError(f"{table.name} has no tag {key!r}. {lakehouse.known(key, table.tags)}")
    lakehouse.set_table_properties(spark, table.name, {_TAG + key: None})


def checked_keys(name: str, keys: tuple[str, ...], time_key: tuple[str, ...]) -> tuple[str, ...]:
    """Return the primary keys with the time key last; raise if they do not fit together (rule 2)."""
    if not keys:
        raise InvalidInputError(f"{name} needs at least one primary key.")
    doubled = sorted({key for key in keys if keys.count(key) > 1})
    if doubled:
        raise InvalidInputError(f"Primary keys of {name} are given twice: {', '.join(doubled)}.")
    if len(time_key) > 1:
        raise InvalidInputError(f"{name} can have one time series column, found {', '.join(time_key)}.")
    if time_key and time_key[0] not in keys:
        raise InvalidInputError(
            f"The time series column {time_key[0]!r} of {name} must be one of its primary keys ({', '.join(keys)}): add it."
        )
    if time_key and len(keys) == 1:
        raise InvalidInputError(f"{name} needs a primary key beside its time series column {time_key[0]!r}.")
    return (*(key for key in keys if key not in time_key), *time_key)
