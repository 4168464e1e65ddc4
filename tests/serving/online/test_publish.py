"""Published rows against the newest row of each key, found by a plain loop over the feature table."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from decimal import Decimal

import pytest

from headwater import lakehouse
from headwater.features import create_feature_table, write_feature_table
from headwater.lakehouse import InvalidInputError
from headwater.serving.online.packing import key_packer, row_reader
from headwater.serving.online.publish import drop_online_table, publish_table
from headwater.serving.online.stores import create_online_store, delete_online_store, online_table_of, open_online_store

DAY = dt.datetime(2026, 3, 1)


@pytest.fixture(params=["sqlite", "redis"])
def store(spark, request, monkeypatch):
    """Give the name of a new online store of each kind."""
    settings = lakehouse.settings_of(spark)
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        settings = settings.model_copy(update={"online_store": url})
        monkeypatch.setattr("headwater.lakehouse.settings_of", lambda _: settings)
    name = f"s-{uuid.uuid4().hex[:8]}"
    assert create_online_store(settings, name, "CU_1").kind == request.param
    yield name
    delete_online_store(settings, name)


def published(spark, store, name):
    """Return what an online store has of the keys of its feature table, read one by one."""
    opened = open_online_store(lakehouse.settings_of(spark), store)
    about = opened.table(name)
    pack, read = key_packer([kind for _, kind in about.keys]), row_reader([kind for _, kind in about.features])
    keys = [(number, text) for number in range(120) for text in "ab"]
    found = {key: opened.read(name, [pack(key)]).rows[0] for key in keys}
    return {key: read(row) for key, row in found.items() if row is not None}


def newest(spark, source, keys, time, features):
    """Return the newest row of each key by a loop: its time in microseconds, then its features."""
    rows = {}
    for row in spark.table(source).collect():
        key, at = tuple(row[name] for name in keys), row[time] if time else None
        if key not in rows or at > rows[key][0]:
            rows[key] = (at, [row[name] for name in features])
    epoch = dt.datetime(1970, 1, 1)
    micros = lambda at: None if at is None else (at - epoch) // dt.timedelta(microseconds=1)  # noqa: E731
    return {key: [micros(at), *values] for key, (at, values) in rows.items()}


@pytest.mark.parametrize("time", ["", "ts"])
def test_triggered_publishes_follow_every_kind_of_change(spark, schema, store, time):
    table, online = f"{schema}.customers", f"{schema}.customers_online"
    kinds = "id bigint not null, k string not null, ts timestamp not null, x double, y string"
    keys = ["id", "k", *([time] if time else [])]
    frame = lambda rows: spark.createDataFrame(rows, kinds)  # noqa: E731
    features = ["x", "y"] if time else ["ts", "x", "y"]
    drawn = random.Random(7)
    rows = [(i, "ab"[i % 2], DAY + dt.timedelta(hours=drawn.randrange(50)), float(i), None) for i in range(20)]
    create_feature_table(spark, table, keys, frame(rows), timeseries_column=time or None)
    spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES (delta.enableChangeDataFeed = true)")

    def agrees():
        found = published(spark, store, online)
        wanted = newest(spark, table, ["id", "k"], time, features)
        if not time:
            wanted = {key: [None, row[1].replace(tzinfo=dt.UTC), *row[2:]] for key, row in wanted.items()}
        return found == wanted

    # the feed begins with the version that turned it on
    first = publish_table(spark, store, table, online)
    assert (first.whole, first.rows) == (True, 20)
    assert not publish_table(spark, store, table, online).whole
    late, new = (1, "b", DAY - dt.timedelta(days=9), -1.0, "late"), (99, "a", DAY, 1.0, "new")
    write_feature_table(frame([late, new, (2, "a", DAY + dt.timedelta(days=9), float("nan"), "newer")]), table)
    done = publish_table(spark, store, table, online)
    assert not done.whole, done.why
    opened = open_online_store(lakehouse.settings_of(spark), store)
    assert opened.table(online).version == lakehouse.table_version(spark, table)
    nan = published(spark, store, online)[2, "a"]
    assert nan[-2] != nan[-2]
    spark.sql(f"UPDATE {table} SET x = 5 WHERE id = 2")
    spark.sql(f"DELETE FROM {table} WHERE id IN (3, 99)")
    spark.sql(f"UPDATE {table} SET ts = ts + INTERVAL 400 DAYS, y = 'moved' WHERE id = 4")
    spark.sql(f"UPDATE {table} SET id = 55 WHERE id = 5")
    write_feature_table(frame([(99, "a", DAY, 7.0, "again")]), table)
    done = publish_table(spark, store, table, online)
    assert not done.whole, done.why
    assert agrees()
    spark.sql(f"OPTIMIZE {table}")
    assert publish_table(spark, store, table, online).rows == 0
    assert agrees()
    spark.sql(f"ALTER TABLE {table} ADD COLUMN z int")
    done = publish_table(spark, store, table, online)
    assert (done.whole, done.why) == (True, "the feature table's columns changed")
    features.append("z")
    assert agrees()
    drop_online_table(lakehouse.settings_of(spark), store, online)
    assert opened.table(online) is None


def test_every_column_type_comes_back_exactly_by_keys_of_every_type(spark, schema, store):
    table = f"{schema}.every"
    spark.sql(
        f"""CREATE TABLE {table} AS SELECT
        cast(1 as smallint) i8, cast(-2 as smallint) i16, 3 i32, 9223372036854775807L i64, cast(0.1 as float) f32,
        double('nan') f64, true b, 'é\\u0000\\'' s, X'00ff' bin, DATE '1582-10-04' d, TIMESTAMP '1677-09-21 00:12:43.145224Z' ts,
        TIMESTAMP '9999-12-31 23:59:59.999999Z' last, cast(-12345678901234567890.123456789 as decimal(38,9)) dec,
        array(1, null) a, array(array(DATE '2026-01-01')) aa, map('k', cast(1.5 as decimal(3,1)), 'n', null) m,
        named_struct('t', TIMESTAMP '2026-01-01 00:00:00Z', 'in', named_struct('z', array(X'01'))) st,
        cast(null as string) nothing"""
    )
    keys = ["i8", "i32", "b", "s", "bin", "d", "dec", "f64"]
    frame = spark.table(table)
    create_feature_table(spark, f"{table}_features", keys, frame)
    publish_table(spark, store, f"{table}_features", f"{table}_online", "SNAPSHOT")
    opened = open_online_store(lakehouse.settings_of(spark), store)
    about = opened.table(f"{table}_online")
    key = [
        1,
        3,
        True,
        "é\0'",
        b"\x00\xff",
        dt.date(1582, 10, 4),
        Decimal("-12345678901234567890.123456789"),
        float("nan"),
    ]
    packed = opened.read(about.name, [key_packer([kind for _, kind in about.keys])(key)]).rows[0]
    row = dict(
        zip([name for name, _ in about.features], row_reader([k for _, k in about.features])(packed)[1:], strict=True)
    )
    wanted = frame.toArrow().select(list(row)).to_pylist()[0]
    assert row["ts"].microsecond == 145224
    utc = {name: value.replace(tzinfo=dt.UTC) if name in ("ts", "last") else value for name, value in wanted.items()}
    assert row == utc


def test_a_table_of_spark_alone_is_published_as_one_whose_files_are_read_here(spark, schema, store, monkeypatch):
    table = f"{schema}.t"
    kinds = "id int not null, ts timestamp not null, m map<string,date>, s struct<a:timestamp,b:decimal(5,2)>"
    rows = [(i % 7, DAY + dt.timedelta(hours=i), {"k": dt.date(2026, 1, 1 + i)}, (DAY, Decimal(i))) for i in range(20)]
    create_feature_table(spark, table, ["id", "ts"], spark.createDataFrame(rows, kinds), timeseries_column="ts")
    publish_table(spark, store, table, f"{table}_here", "SNAPSHOT")
    monkeypatch.setattr("headwater.lakehouse.open_arrow", lambda *_: "not here")
    publish_table(spark, store, table, f"{table}_spark", "SNAPSHOT")
    opened = open_online_store(lakehouse.settings_of(spark), store)
    here, there = (opened.read(f"{table}_{end}", list(range(7))).rows for end in ("here", "spark"))
    assert here == there
    assert None not in here
    assert online_table_of(lakehouse.settings_of(spark), table)[1].name == f"{table}_here"  # the older


def test_what_cannot_be_published_is_said_and_nothing_is_written(spark, schema):
    settings, name = lakehouse.settings_of(spark), f"s-{uuid.uuid4().hex[:8]}"
    create_online_store(settings, name, "CU_1")
    frame = spark.createDataFrame([(1, 1.0)], "id int, x double")
    create_feature_table(spark, f"{schema}.t", ["id"], frame)
    create_feature_table(spark, f"{schema}.other", ["id"], frame)
    publish_table(spark, name, f"{schema}.t", f"{schema}.o", "SNAPSHOT")
    for arguments, message in [
        ((f"{schema}.t", f"{schema}.p"), "no change data feed.*SET TBLPROPERTIES"),
        ((f"{schema}.t", f"{schema}.p", "SOMETIMES"), "publish_mode='SOMETIMES' is unknown"),
        ((f"{schema}.other", f"{schema}.o", "SNAPSHOT"), "is published from .*t in mode SNAPSHOT"),
    ]:
        with pytest.raises(InvalidInputError, match=message):
            publish_table(spark, name, *arguments)
    with pytest.raises(InvalidInputError, match="no time key"):
        publish_table(spark, name, f"{schema}.t", f"{schema}.p", "SNAPSHOT", ttl=5.0)
    with pytest.raises(InvalidInputError, match="There is no online store 'absent'"):
        publish_table(spark, "absent", f"{schema}.t", f"{schema}.p", "SNAPSHOT")
    assert [table.name for table in open_online_store(settings, name).tables()] == [f"{schema}.o"]
