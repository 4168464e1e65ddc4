"""Rows dealt out into buckets, each a partition of its own, in which Spark's workers match them in Arrow and NumPy.

Spark moves flat rows, and no more: a window over the union of both sides sorts by keys and times and copies each feature row
twice, once more for each table that is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features.joins import matching
from headwater.features.joins.columns import exact_micros, has_order, is_date
from headwater.features.joins.lookup import TableLookup
from headwater.features.joins.matching.bucket_match import BucketMatch, MatchedLookup
from headwater.lakehouse import column, quoted

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

__all__ = ["bucket_of", "match_in_buckets", "send_matching_by_value"]


def send_matching_by_value() -> None:
    """Let Spark send all of ``matching/`` with a job: so what workers run stands there, and they need no Headwater.

    They need NumPy and PyArrow, as Spark's own Arrow functions do.
    """
    from pyspark.cloudpickle import register_pickle_by_value

    register_pickle_by_value(matching)  # type: ignore[no-untyped-call]


def bucket_of(names: Sequence[str], buckets: int) -> str:
    """Return the SQL of a row's bucket, ``__bucket``, by the hash of these columns."""
    return f"CAST(pmod(xxhash64({', '.join(map(quoted, names))}), {buckets}) AS INT) AS __bucket"


def match_in_buckets(
    spine: DataFrame,
    labels: DataFrame,
    labels_by: Sequence[str],
    features: DataFrame,
    buckets: int,
    lookups: Sequence[TableLookup],
    places: Sequence[Sequence[str]],
    packed: tuple[pa.Schema, ...] = (),
) -> DataFrame:
    """Return each row of `spine`, once, with the outputs of all lookups.

    Parameters
    ----------
    labels, labels_by
        The rows of `spine`, perhaps with more columns, and those by whose hash they are dealt out.
    features
        The feature rows of all tables with their ``__bucket``, and with the number of their table where there are several.
    places
        For each lookup the columns of `features` that hold its keys, its time and its features.
    packed
        The schema of each lookup's rows, where they come packed into single values.
    """
    from pyspark.sql.types import StructField, StructType

    outputs = [(o, lookup.features.schema[f].dataType) for lookup in lookups for f, o in lookup.outputs.items()]
    schema = StructType([*spine.schema.fields, *[StructField(name, kind) for name, kind in outputs]])
    own = {name: f"__l{i}" for i, name in enumerate(spine.columns)}  # PySpark's cogroup takes no dots or backticks
    dealt = labels.selectExpr(
        *[f"{quoted(name)} AS {place}" for name, place in own.items()], bucket_of(labels_by, buckets)
    )
    matches = [_match_of(lookup, own, place) for lookup, place in zip(lookups, places, strict=True)]
    match = BucketMatch(tuple(own.items()), tuple(matches), packed)
    kinds = lakehouse.arrow_schema(schema)  # in UTC, as Spark wants them back; rows come in the session's zone

    def matched(left: pa.Table, right: pa.Table) -> pa.Table:  # a method would not do: Spark counts its `self`
        return match.matched(left, right).cast(kinds)

    sides = [_each_in_a_partition(side, buckets).groupBy("__bucket") for side in (dealt, features)]
    return sides[0].cogroup(sides[1]).applyInArrow(matched, schema)


def _each_in_a_partition(rows: DataFrame, buckets: int) -> DataFrame:
    """Return the rows with a partition for each bucket, where Spark can do that (4.1 and later).

    By the hash of its number a bucket may share a partition with others while tasks have nothing to do, and Spark would merge
    small partitions.
    """
    by_id = getattr(rows, "repartitionById", None)
    return rows if by_id is None else by_id(buckets, column("__bucket"))


def _match_of(lookup: TableLookup, label_places: dict[str, str], place: Sequence[str]) -> MatchedLookup:
    n = len(lookup.keys)
    features = lookup.features.schema
    lookback = None
    if lookup.lookback is not None:
        in_days = is_date(lookup.features, lookup.feature_time)
        lookback = lookup.lookback.days if in_days else exact_micros(lookup.lookback)
    by_feature = list(zip(lookup.outputs, place[n + 1 :], strict=True))
    return MatchedLookup(
        label_keys=tuple(label_places[key] for key in lookup.label_keys),
        label_time=label_places[lookup.label_time],
        keys=tuple(place[:n]),
        time=place[n],
        outputs=tuple((lookup.outputs[feature], slot) for feature, slot in by_feature),
        ordered=tuple(slot for feature, slot in by_feature if has_order(features[feature].dataType)),
        lookback=lookback,
    )
