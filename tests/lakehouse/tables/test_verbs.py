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


def test_creating_twice_is_refused(spark, table):
    with pytest.raises(lakehouse.TableExistsError, match="exists already"):
        lakehouse.create_table(spark, table, SCHEMA)


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
    for write in (lakehouse.append, lakehouse.overwrite):
        with pytest.raises(lakehouse.MissingColumnsError, match=r"'w' is not in .* \(the rows to write have more\)"):
            write(wide, table)
    lakehouse.append(wide, table, evolve=True)
    lakehouse.merge(wide.withColumn("z", F.lit(1)), table, ["id"], evolve=True)
    assert lakehouse.read_table(spark, table).columns == ["id", "ts", "v", "w", "z"]
    assert lakehouse.read_table(spark, table).where("id = 9").count() == 1


@pytest.mark.parametrize(
    "write",
    [
        lakehouse.overwrite,
        lambda df, name: lakehouse.overwrite(df, name, evolve=True),
        lambda df, name: lakehouse.replace_where(df, name, "id >= 0", evolve=True),
    ],
    ids=["overwrite", "overwrite and evolve", "replace"],
)
def test_a_column_of_another_type_is_named_with_both_and_nothing_is_written(spark, table, write):
    before = sorted(lakehouse.read_table(spark, table).collect())
    other = _rows(spark, [1]).select("id", "ts", F.lit("x").alias("V"), F.lit(1).alias("w"))
    with pytest.raises(
        lakehouse.ColumnTypeError, match=r"'V' is string, must be double\. Nothing was written: .*another name"
    ):
        write(other, table)
    assert sorted(lakehouse.read_table(spark, table).collect()) == before


def test_a_table_that_is_written_anew_may_take_other_columns_and_keeps_its_properties(spark, table):
    lakehouse.set_table_properties(spark, table, {"mine": "kept"})
    other = spark.createDataFrame([(1, "x")], "id long, `Age (years)` string")
    lakehouse.overwrite(other, table, replace_schema=True)
    assert lakehouse.read_table(spark, table).collect() == [(1, "x")]
    assert lakehouse.table_properties(spark, table)["mine"] == "kept"


def test_replacing_an_interval_keeps_what_lies_outside_start_inclusive_end_exclusive(spark, table):
    for _ in range(2):
        lakehouse.replace_interval(_rows(spark, [1, 2], 5.0), table, "ts", START + HOUR, START + 3 * HOUR)
    found = {(r["id"], r["v"]) for r in lakehouse.read_table(spark, table).collect()}
    assert found == {(0, 1.0), (1, 5.0), (2, 5.0), (3, 1.0), (4, 1.0)}
    with pytest.raises(Exception, match="DELTA_REPLACE_WHERE_MISMATCH"):
        lakehouse.replace_interval(_rows(spark, [4]), table, "ts", START, START + HOUR)
    assert lakehouse.read_table(spark, table).count() == 5


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
    with pytest.raises(lakehouse.InvalidInputError, match=r"'id' of .* is NOT NULL.*Nothing was written"):
        lakehouse.append(_rows(spark, [1]).withColumn("id", F.lit(None).cast("long")), table)
    assert lakehouse.table_version(spark, table) == before


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
    assert not lakehouse.table_exists(spark, f"other.{schema.split('.')[1]}.sql")


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
