"""Publishes feature tables: the newest row of each key goes to an online store, all of them or those that changed since."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.features import FeatureTable, get_feature_table
from headwater.lakehouse import InvalidInputError, Settings
from headwater.serving.online.newest import newest_positions, packed_batches
from headwater.serving.online.packing import key_packer
from headwater.serving.online.store import OnlineStore, OnlineTable, Rows
from headwater.serving.online.stores import open_online_store

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Publication", "bring_up_to", "drop_online_table", "publish_table"]

MODES = ("SNAPSHOT", "TRIGGERED", "CONTINUOUS")
_FEED = "delta.enableChangeDataFeed"
_MOST_CHANGES = 2_000_000  # rows of the change feed from which a publish of the whole table is quicker
_CHANGE = ("_change_type", "_commit_version")


@dataclass(frozen=True)
class Publication:
    """What a publish did.

    Attributes
    ----------
    store, table
        Name of the online store, and the online table as it is now.
    rows
        Keys written or removed.
    whole
        Whether the whole table was published, not its changes.
    why
        The reason for it, in words.
    """

    store: str
    table: OnlineTable
    rows: int
    whole: bool
    why: str


def publish_table(
    spark: SparkSession,
    store: str,
    source: str,
    online_table: str,
    mode: str = "TRIGGERED",
    *,
    ttl: float | None = None,
) -> Publication:
    """Publish the newest row of each key of a feature table, as it is now; again, it brings the online table up to date.

    Parameters
    ----------
    store
        Name of an online store.
    source, online_table
        Names of the feature table and of the online table.
    mode
        ``SNAPSHOT``: all rows, each time. ``TRIGGERED`` and ``CONTINUOUS``: the rows that changed since the last publish, by the
        table's change data feed; all of them the first time, and where the feed does not tell (columns changed, more than two
        million changes, history vacuumed).
    ttl
        Seconds after its time from which a row counts as missing online; the table must have a time key.

    Notes
    -----
    Rows and position change in one step: a publish that is killed is repeated without harm, and readers see the rows of one
    publish. Of a table in the embedded store the whole is read without a Spark job; else by Spark, and handed over row by row.

    Raises
    ------
    InvalidInputError
        The feature table has no change data feed and the mode needs one; a key may be NULL; the online table belongs to another
        feature table or has another mode.
    """
    if mode not in MODES:
        raise InvalidInputError(f"publish_mode={mode!r} is unknown. {lakehouse.known(str(mode), MODES)}")
    settings = lakehouse.settings_of(spark)
    table = get_feature_table(spark, source)
    full = str(lakehouse.complete(spark, online_table))
    opened = open_online_store(settings, store)
    _check_source(spark, table, mode, ttl)
    with lakehouse.store_lock(settings.home, f"publish {store} {full}"):
        known = opened.table(full)
        if known is not None and (known.source, known.mode) != (table.name, mode):
            raise InvalidInputError(
                f"The online table {full} of {store} exists already: it is published from {known.source} in mode {known.mode}, "
                f"not from {table.name} in mode {mode}. Choose another name, or drop it first."
            )
        return bring_up_to(spark, store, opened, _described(spark, table, full, mode, ttl, known), known)


def bring_up_to(
    spark: SparkSession, store: str, opened: OnlineStore, wanted: OnlineTable, known: OnlineTable | None
) -> Publication:
    """Bring an online table from what is `known` of it to the version `wanted`: by its changes, or as a whole."""
    why = _whole_because(wanted, known)
    if why is None and known is not None:
        if known.version >= wanted.version:
            return Publication(store, known, 0, whole=False, why=f"it is at version {known.version} already")
        changes = _changes(spark, wanted, known)
        if isinstance(changes, str):
            why = changes
        else:
            rows = _changed_rows(spark, opened, wanted, changes)
            opened.update(wanted, known.version, [rows])
            return Publication(store, wanted, len(rows), whole=False, why=f"changes since version {known.version}")
    counted = _Counted(_all_rows(spark, wanted))
    opened.replace(wanted, counted)
    return Publication(store, wanted, counted.rows, whole=True, why=str(why))


def drop_online_table(settings: Settings, store: str, online_table: str) -> None:
    """Remove an online table.

    Raises
    ------
    InvalidInputError
        There is none of this name in the store.
    """
    opened = open_online_store(settings, store)
    name = str(lakehouse.TableName.parse(online_table, catalog=settings.catalog, schema=settings.default_schema))
    if opened.table(name) is None:
        names = [one.name for one in opened.tables()]
        raise InvalidInputError(f"There is no online table {name} in {store}. {lakehouse.known(name, names)}")
    with lakehouse.store_lock(settings.home, f"publish {store} {name}"):
        opened.drop(name)


class _Counted:
    """Batches, of which it counts the rows as they pass."""

    def __init__(self, batches: Iterable[Rows]) -> None:
        self._batches, self.rows = batches, 0

    def __iter__(self) -> Iterator[Rows]:
        for batch in self._batches:
            self.rows += len(batch)
            yield batch


def _check_source(spark: SparkSession, table: FeatureTable, mode: str, ttl: float | None) -> None:
    nullable = [field.name for field in table.schema if field.name in table.primary_keys and field.nullable]
    if nullable:
        raise InvalidInputError(
            f"{table.name} cannot be published: its key {nullable[0]!r} may be NULL. Set it NOT NULL: "
            f"ALTER TABLE {table.name} ALTER COLUMN {lakehouse.quoted(nullable[0])} SET NOT NULL."
        )
    if mode != "SNAPSHOT" and lakehouse.table_properties(spark, table.name).get(_FEED) != "true":
        raise InvalidInputError(
            f"{table.name} has no change data feed, which publish_mode={mode!r} reads: turn it on, "
            f"ALTER TABLE {table.name} SET TBLPROPERTIES ({_FEED} = true), or publish with publish_mode='SNAPSHOT'."
        )
    if ttl is not None and not table.timestamp_keys:
        raise InvalidInputError(
            f"{table.name} has no time key, so that a ttl has nothing to count from: leave ttl out."
        )


def _described(
    spark: SparkSession, table: FeatureTable, name: str, mode: str, ttl: float | None, known: OnlineTable | None
) -> OnlineTable:
    now = int(time.time() * 1000)
    kinds = {field.name: field.dataType.simpleString() for field in table.schema}
    return OnlineTable(
        name=name,
        source=table.name,
        source_id=table.table_id,
        keys=tuple((key, kinds[key]) for key in table.lookup_keys),
        features=tuple((feature, kinds[feature]) for feature in table.features),
        time=table.timestamp_keys[0] if table.timestamp_keys else "",
        mode=mode,
        version=lakehouse.table_version(spark, table.name),
        created=known.created if known is not None else now,
        published=now,
        ttl=ttl,
    )


def _whole_because(wanted: OnlineTable, known: OnlineTable | None) -> str | None:
    """Return why the whole table must be published, or None if its changes do."""
    if known is None:
        return "it is published for the first time"
    if known.source_id != wanted.source_id:
        return "the feature table was dropped and made again"
    if (known.keys, known.features, known.time) != (wanted.keys, wanted.features, wanted.time):
        return "the feature table's columns changed"
    if wanted.mode == "SNAPSHOT":
        return None if known.version == wanted.version and known.ttl == wanted.ttl else "the mode is SNAPSHOT"
    return None


def _changes(spark: SparkSession, wanted: OnlineTable, known: OnlineTable) -> pa.Table | str:
    """Return the rows of the change feed since the last publish, or why the feed does not tell."""
    from pyspark.errors import PySparkException

    names = [name for name, _ in (*wanted.keys, *wanted.features)] + ([wanted.time] if wanted.time else [])
    try:
        feed = lakehouse.read_changes(spark, wanted.source, known.version + 1, wanted.version)
        narrow = feed.select(*map(lakehouse.quoted, names), *_CHANGE)
        found = narrow.limit(_MOST_CHANGES + 1).toArrow()
    except PySparkException as error:
        reason = error.getCondition() or type(error).__name__
        return f"the change feed since version {known.version + 1} cannot be read ({reason})"
    if found.num_rows > _MOST_CHANGES:
        return f"there are more than {_MOST_CHANGES:,} changes"
    return found


def _changed_rows(spark: SparkSession, opened: OnlineStore, wanted: OnlineTable, changes: pa.Table) -> Rows:
    """Return the newest row of each key that the changes touch, None for a key that has no row any more.

    Of a key with new rows only, the newest of them counts if it is newer than the published one. Of any other key of a table
    with a time key the newest row is looked up in the feature table at the version that is published.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if not changes.num_rows:
        return []
    names = [name for name, _ in wanted.keys]
    if not wanted.time:
        return _last_changes(wanted, changes)
    kinds = changes["_change_type"]
    removing = pc.is_in(kinds, value_set=pa.array(["delete", "update_preimage"]))
    removed = changes.filter(removing).select(names).group_by(names).aggregate([])
    rows: list[tuple[Any, bytes | None]] = []
    added = changes.filter(pc.invert(removing))
    if removed.num_rows:
        added = added.join(removed, names, join_type="left anti") if added.num_rows else added
        now = _newest_of(spark, wanted, removed)
        there = {
            key: value
            for batch in packed_batches(now, wanted.keys, wanted.time, wanted.features)
            for key, value in batch
        }
        rows += [(key, there.get(key)) for key in _keys_of(wanted, removed)]
    if added.num_rows:
        newest = added.take(pa.array(newest_positions(added, names, wanted.time)))
        fresh = [pair for batch in packed_batches(newest, wanted.keys, wanted.time, wanted.features) for pair in batch]
        rows += _not_older(opened, wanted.name, fresh)
    return rows


def _last_changes(wanted: OnlineTable, changes: pa.Table) -> Rows:
    """Return the last change of each key: by version, and within one an insertion or new value after a removal."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    gone: Any = pc.is_in(changes["_change_type"], value_set=pa.array(["delete", "update_preimage"]))
    rank = pc.add(pc.multiply(changes["_commit_version"], 2), pc.cast(pc.invert(gone), pa.int64()))
    ranked = changes.append_column("__rank", pc.cast(rank, pa.timestamp("us")))
    last = ranked.take(pa.array(newest_positions(ranked, [name for name, _ in wanted.keys], "__rank")))
    is_gone = np.asarray(pc.is_in(last["_change_type"], value_set=pa.array(["delete", "update_preimage"])).to_numpy())
    pairs = [pair for batch in packed_batches(last, wanted.keys, "", wanted.features) for pair in batch]
    return [(key, None if out else value) for (key, value), out in zip(pairs, is_gone.tolist(), strict=True)]


def _not_older(opened: OnlineStore, name: str, fresh: Rows) -> Rows:
    """Leave out rows that are older than the published ones."""
    import msgspec

    found = opened.read(name, [key for key, _ in fresh])
    old = found.rows if found is not None else [None] * len(fresh)
    first = msgspec.msgpack.Decoder().decode
    return [
        (key, value)
        for (key, value), there in zip(fresh, old, strict=True)
        if there is None or value is None or first(value)[0] >= first(there)[0]
    ]


def _keys_of(wanted: OnlineTable, rows: pa.Table) -> list[Any]:
    pack = key_packer([kind for _, kind in wanted.keys])
    columns = [rows[name].to_pylist() for name, _ in wanted.keys]
    return [pack(values) for values in zip(*columns, strict=True)]


def _newest_of(spark: SparkSession, wanted: OnlineTable, keys: pa.Table) -> pa.Table:
    """Return the newest rows of some keys of the feature table, at the version that is published."""
    names = [name for name, _ in wanted.keys]
    frame = _source(spark, wanted)
    asked = spark.createDataFrame(keys)
    return _newest(frame.join(asked, names, "left_semi"), wanted).toArrow()


def _all_rows(spark: SparkSession, wanted: OnlineTable) -> Iterator[Rows]:
    """Yield all rows to publish: from the files where they can be read here, else by Spark."""
    import pyarrow as pa

    keys = [name for name, _ in wanted.keys]
    names = [*keys, *([wanted.time] if wanted.time else []), *(name for name, _ in wanted.features)]
    settings = lakehouse.settings_of(spark)
    most = int(settings.in_process_gib * 2**30)
    opened = lakehouse.open_arrow(spark, lakehouse.resolve(spark, wanted.source), wanted.version)
    if not isinstance(opened, str) and opened.rows is not None and opened.rows * 16 * len(names) <= most:
        rows = opened.read(names)
        newest = rows.take(pa.array(newest_positions(rows, keys, wanted.time)))
        yield from packed_batches(newest, wanted.keys, wanted.time, wanted.features)
        return
    for part in _parts(_newest(_source(spark, wanted), wanted)):
        yield from packed_batches(part, wanted.keys, wanted.time, wanted.features)


def _parts(frame: DataFrame) -> Iterator[pa.Table]:
    """Yield the rows of a frame part by part, so that the driver holds one at a time."""
    import pyarrow as pa

    def packed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for batch in batches:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, batch.schema) as writer:
                writer.write_batch(batch)
            yield pa.RecordBatch.from_pydict({"part": [sink.getvalue().to_pybytes()]})

    for row in frame.mapInArrow(packed, "part binary").toLocalIterator(prefetchPartitions=True):
        yield pa.ipc.open_stream(pa.py_buffer(row["part"])).read_all()


def _source(spark: SparkSession, wanted: OnlineTable) -> DataFrame:
    return lakehouse.read_table(spark, wanted.source, version=wanted.version)


def _newest(frame: DataFrame, wanted: OnlineTable) -> DataFrame:
    """Return keys, time and features of the newest row of each key."""
    from pyspark.sql import functions as F

    keys = [lakehouse.column(name) for name, _ in wanted.keys]
    features = [lakehouse.column(name) for name, _ in wanted.features]
    if not wanted.time:
        return frame.select(*keys, *features)
    at = lakehouse.column(wanted.time)
    one = frame.groupBy(*keys).agg(F.max_by(F.struct(at, *features), at).alias("row"))
    return one.select(
        *keys, *(F.col("row")[name].alias(name) for name in [wanted.time, *(n for n, _ in wanted.features)])
    )
