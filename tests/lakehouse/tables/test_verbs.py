"""Table verbs on real Delta tables."""

import datetime as dt
import pickle

import pytest
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, LongType, StructField, StructType, TimestampType

from headwater import lakehouse

SCHEMA = StructType(
    [StructField("id", LongType(), nullable=False), StructField("ts", TimestampType()), StructField("v", DoubleType())]
)
HOUR = dt.timedelta(hours=1)
START = dt.datetime(2024, 1, 1)


def _rows(spark, ids, value=1.0):
    return spark.createDataFrame([(i, START + i * HOUR, value) for i in ids], "id long, ts timestamp, v double")


@pytest.fixture
def table(spark, schema):
    name = f"{schema}.t"
    lakehouse.create_table(spark, name, SCHEMA, properties={"note": "it's \\ here"}, comment="a 'quoted' comment")
    lakehouse.append(_rows(spark, range(5)), name)
    return name


def test_names_of_one_two_and_three_levels_mean_the_same_table(spark, schema):
    spark.sql(f"USE SCHEMA {schema.split('.')[1]}")
    try:
        lakehouse.create_table(spark, "one", SCHEMA)
        assert lakehouse.table_exists(spark, f"{schema}.one")
        assert lakehouse.table_exists(spark, f"{schema.split('.')[1]}.one")
        assert str(lakehouse.complete(spark, "one")) == f"{schema}.one"
    finally:
        spark.sql("USE SCHEMA default")


@pytest.mark.parametrize("name", ["", "a.b.c.d", "a..b", "a b", ".a", "a."])
def test_a_wrong_name_says_how_to_write_it(spark, name):
    with pytest.raises(
        ValueError, match=r"is not a table name: write it as table, schema.table or catalog.schema.table"
    ):
        lakehouse.table_exists(spark, name)


def test_a_missing_table_names_its_neighbours(spark, table):
    with pytest.raises(lakehouse.TableNotFoundError, match=rf"There is no table {table}s\. Did you mean '{table}'\?"):
        lakehouse.read_table(spark, table + "s")


def test_creating_twice_is_refused(spark, table):
    with pytest.raises(lakehouse.TableExistsError, match="exists already"):
        lakehouse.create_table(spark, table, SCHEMA)


def test_properties_and_comments_keep_quotes_and_can_be_removed(spark, table):
    assert lakehouse.table_properties(spark, table)["note"] == "it's \\ here"
    lakehouse.set_table_properties(spark, table, {"note": None, "other": "1"})
    found = lakehouse.table_properties(spark, table)
    assert "note" not in found
    assert found["other"] == "1"
    described = spark.sql(f"DESCRIBE EXTENDED {table}").where("col_name = 'Comment'").collect()
    assert described[0]["data_type"] == "a 'quoted' comment"


def test_notes_of_a_table_by_its_log_are_those_by_sql(spark, schema):
    table = f"{schema}.noted"
    properties, comment = {"note": 'it\'s \\ here, {"a": 1}'}, "a 'quoted' comment"
    lakehouse.create_table(spark, table, SCHEMA, partition_by=["v", "ts"], properties=properties, comment=comment)
    spark.sql(f"CREATE VIEW {schema}.seen TBLPROPERTIES ('kind' = 'view') AS SELECT * FROM {table}")
    foreign = spark.newSession()
    for setting in ("spark.headwater.home", "spark.headwater.catalog"):
        foreign.conf.set(setting, "")
    assert not lakehouse.is_embedded(foreign)
    by_log, by_sql = lakehouse.notes_of(spark, table), lakehouse.notes_of(foreign, table.removeprefix("main."))
    assert by_log == lakehouse.TableNotes(properties, ("v", "ts"), comment)
    assert {key: by_sql.properties.get(key) for key in properties} == properties
    assert (by_sql.partition_columns, by_sql.comment) == (by_log.partition_columns, by_log.comment)
    assert lakehouse.notes_of(spark, f"{schema}.seen").properties["kind"] == "view"
    with pytest.raises(lakehouse.TableNotFoundError):
        lakehouse.notes_of(spark, f"{table}s")


def test_merge_updates_only_the_columns_it_has_adds_rows_and_twice_equals_once(spark, table):
    df = spark.createDataFrame([(1, 9.0), (77, 7.0)], "id long, v double")
    lakehouse.merge(df, table, ["id"])
    once = sorted(lakehouse.read_table(spark, table).collect())
    lakehouse.merge(df, table, ["id"])
    assert sorted(lakehouse.read_table(spark, table).collect()) == once
    assert {(r["id"], r["ts"], r["v"]) for r in once if r["id"] in (1, 77)} == {(1, START + HOUR, 9.0), (77, None, 7.0)}


def test_merge_without_a_key_column_is_refused(spark, table):
    with pytest.raises(ValueError, match=r"'id' is not in the rows to merge into .* \(keys\)"):
        lakehouse.merge(spark.createDataFrame([(1.0,)], "v double"), table, ["id"])


def test_schema_evolves_only_where_asked(spark, table):
    wide = _rows(spark, [9]).withColumn("w", F.lit("x"))
    with pytest.raises(Exception, match="schema"):
        lakehouse.append(wide, table)
    lakehouse.append(wide, table, evolve=True)
    lakehouse.merge(wide.withColumn("z", F.lit(1)), table, ["id"], evolve=True)
    assert lakehouse.read_table(spark, table).columns == ["id", "ts", "v", "w", "z"]
    assert lakehouse.read_table(spark, table).where("id = 9").count() == 1


def test_versions_and_times_can_be_read_again(spark, table):
    first = lakehouse.table_version(spark, table)
    before = spark.sql(f"DESCRIBE HISTORY {table} LIMIT 1").collect()[0]["timestamp"]
    lakehouse.overwrite(_rows(spark, [100]), table)
    assert lakehouse.table_version(spark, table) == first + 1
    assert lakehouse.read_table(spark, table).count() == 1
    assert lakehouse.read_table(spark, table, version=first).count() == 5
    assert lakehouse.read_table(spark, table, timestamp=before).count() == 5
    with pytest.raises(ValueError, match="not both"):
        lakehouse.read_table(spark, table, version=1, timestamp=before)


def test_replacing_an_interval_keeps_what_lies_outside_start_inclusive_end_exclusive(spark, table):
    for _ in range(2):
        lakehouse.replace_interval(_rows(spark, [1, 2], 5.0), table, "ts", START + HOUR, START + 3 * HOUR)
    found = {(r["id"], r["v"]) for r in lakehouse.read_table(spark, table).collect()}
    assert found == {(0, 1.0), (1, 5.0), (2, 5.0), (3, 1.0), (4, 1.0)}
    with pytest.raises(Exception, match="DELTA_REPLACE_WHERE_MISMATCH"):
        lakehouse.replace_interval(_rows(spark, [4]), table, "ts", START, START + HOUR)
    assert lakehouse.read_table(spark, table).count() == 5


def test_the_change_feed_says_what_a_merge_changed(spark, schema):
    name = f"{schema}.feed"
    lakehouse.create_table(spark, name, SCHEMA, properties={"delta.enableChangeDataFeed": "true"})
    lakehouse.append(_rows(spark, [1, 2]), name)
    version = lakehouse.table_version(spark, name)
    lakehouse.merge(_rows(spark, [2, 3], 8.0), name, ["id"])
    changes = lakehouse.read_changes(spark, name, version + 1).collect()
    assert sorted((r["id"], r["_change_type"]) for r in changes) == [
        (2, "update_postimage"),
        (2, "update_preimage"),
        (3, "insert"),
    ]


def test_dropping_removes_the_files_also_after_the_table_was_found_again(spark, table, home):
    from pathlib import Path

    folder = Path(home) / "warehouse" / f"{table.split('.')[1]}.db" / "t"
    spark.sql(f"DROP TABLE {table}")
    assert not folder.exists()
    lakehouse.create_table(spark, table, SCHEMA)
    moved = folder.rename(folder.with_name("moved"))
    assert not lakehouse.table_exists(spark, table)
    name = f"{table.rsplit('.', 1)[0]}.moved"
    assert lakehouse.table_exists(spark, name)
    lakehouse.drop_table(spark, name)
    assert not moved.exists()


def test_not_null_columns_refuse_nulls_and_nothing_is_written(spark, table):
    before = lakehouse.table_version(spark, table)
    with pytest.raises(Exception, match="NOT NULL constraint violated"):
        lakehouse.append(_rows(spark, [1]).withColumn("id", F.lit(None).cast("long")), table)
    assert lakehouse.table_version(spark, table) == before


def test_rows_written_counts_the_commits_after_a_version(spark, table):
    before = lakehouse.table_version(spark, table)
    lakehouse.append(_rows(spark, range(10, 17)), table)
    assert lakehouse.rows_written(spark, table, since=before) == 7


def test_optimize_keeps_the_rows(spark, table):
    lakehouse.append(_rows(spark, [8]), table)
    lakehouse.optimize(spark, table, zorder_by=["id"])
    assert lakehouse.read_table(spark, table).count() == 6


def test_three_level_names_work_in_sql_and_in_the_dataframe_api(spark, schema):
    spark.sql(f"CREATE TABLE {schema}.sql (a INT, b STRING) USING delta")
    spark.sql(f"INSERT INTO {schema}.sql VALUES (1, 'x')")
    spark.createDataFrame([(2, "y")], "a int, b string").write.mode("append").saveAsTable(f"{schema}.sql")
    assert spark.table(f"{schema}.sql").count() == 2
    assert lakehouse.read_table(spark, f"{schema}.sql").count() == 2
    lakehouse.add_catalog(spark, "other")
    assert spark.table(f"other.{schema.split('.')[1]}.sql").count() == 2


@pytest.mark.parametrize(
    "error",
    [
        lakehouse.TableNotFoundError("a.b.c", ["a.b.d"]),
        lakehouse.MissingColumnsError(["x"], "df", ["y"], "keys"),
        lakehouse.ColumnTypeError("df", {"x": ("int", "bigint")}),
        lakehouse.NullKeysError("df", {"x": 3}),
        lakehouse.DuplicateKeysError("df", ["x"], ["(1)"], 2),
        lakehouse.RowLimitError("df", 10, 5, "X"),
        lakehouse.JavaNotFoundError("none", "no network"),
        lakehouse.JarsNotFoundError(["a:b:1"], "/x", "no network"),
        lakehouse.InvalidNameError("table name", "a b", "t"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_cross_workers_with_their_sentence(error):
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert str(error).endswith((".", "there."))


def test_string_column_types_are_kept(spark, schema):
    kinds = "a array<struct<x:int,y:string>>, m map<string,double>, d decimal(10,2), s string"
    fields = spark.createDataFrame([], kinds).schema
    lakehouse.create_table(spark, f"{schema}.types", fields)
    assert [f.dataType for f in lakehouse.read_table(spark, f"{schema}.types").schema] == [f.dataType for f in fields]
