"""Tables that CREATE TABLE makes: keys, columns that Delta fills, and what is refused."""

import datetime as dt

import pytest

from headwater import lakehouse
from headwater.features import FeatureLookup, create_training_set, get_feature_table, write_feature_table


def test_rule_7_a_table_with_a_declared_key_is_a_feature_table(spark, schema):
    spark.sql(f"""
        CREATE TABLE {schema}.f (
          id BIGINT COMMENT 'who',  -- PRIMARY KEY (not this)
          ts TIMESTAMP,
          v DOUBLE,
          CONSTRAINT f_key PRIMARY KEY (ID, ts TIMESERIES) NOT ENFORCED RELY,
          CONSTRAINT small CHECK (v < 100)
        ) COMMENT 'what it is' TBLPROPERTIES ('a' = 'b')""")
    table = get_feature_table(spark, f"{schema}.f")
    assert (table.primary_keys, table.timestamp_keys, table.features) == (("id", "ts"), ("ts",), ("v",))
    assert (table.description, [f.name for f in table.schema if not f.nullable]) == ("what it is", ["id", "ts"])
    assert lakehouse.table_properties(spark, table.name)["a"] == "b"

    at = dt.datetime(2024, 1, 1)
    rows = [(1, at, 1.0), (1, at + dt.timedelta(days=2), 2.0)]
    write_feature_table(spark.createDataFrame(rows, "id long, ts timestamp, v double"), table.name)
    spine = spark.createDataFrame([(1, at + dt.timedelta(days=1), 0)], "id long, at timestamp, y int")
    lookup = FeatureLookup(table.name, "id", timestamp_lookup_key="at")
    assert create_training_set(spine, [lookup], "y").load_df().collect()[0]["v"] == 1.0

    with pytest.raises(Exception, match=r"(?i)check constraint small"):
        spark.sql(f"INSERT INTO {schema}.f VALUES (2, current_timestamp(), 200)")
    with pytest.raises(Exception, match=r"(?i)not null"):
        spark.sql(f"INSERT INTO {schema}.f VALUES (NULL, current_timestamp(), 2)")

    shown = {row[0]: row[1] for row in spark.sql(f"DESCRIBE TABLE EXTENDED {schema}.f").collect()}
    assert shown["f_key"] == "PRIMARY KEY (`id`, `ts` TIMESERIES)"
    text = spark.sql(f"SHOW CREATE TABLE {schema}.f").collect()[0][0]
    spark.sql(text.replace(f"{schema}.f ", f"{schema}.g "))
    again = get_feature_table(spark, f"{schema}.g")
    assert (again.primary_keys, again.timestamp_keys) == (table.primary_keys, table.timestamp_keys)
    assert again.table_id != table.table_id


def test_a_key_may_stand_at_its_column_and_identity_generated_and_default_columns_are_deltas(spark, schema):
    spark.sql(f"""
        CREATE OR REPLACE TABLE {schema}.t (
          id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          at TIMESTAMP,
          day DATE GENERATED ALWAYS AS (CAST(at AS DATE)),
          n INT DEFAULT 1 + 2,
          p BIGINT REFERENCES {schema}.p (id)
        ) USING delta CLUSTER BY (day) TBLPROPERTIES ('delta.feature.allowColumnDefaults' = 'supported')""")
    spark.sql(f"INSERT INTO {schema}.t (at) VALUES (TIMESTAMP '2024-01-02 03:00:00')")
    row = spark.table(f"{schema}.t").collect()[0]
    assert (row["day"], row["n"], get_feature_table(spark, f"{schema}.t").primary_keys) == (
        dt.date(2024, 1, 2),
        3,
        ("id",),
    )
    shown = {row[0]: row[1] for row in spark.sql(f"DESC EXTENDED {schema}.t").collect()}
    assert shown["t_p_fk"] == f"FOREIGN KEY (`p`) REFERENCES {lakehouse.complete(spark, f'{schema}.p').quoted} (`id`)"
    text = spark.sql(f"SHOW CREATE TABLE {schema}.t").collect()[0][0]
    for part in (
        "AS IDENTITY (START WITH 1 INCREMENT BY 1)",
        "AS (CAST(at AS DATE))",
        "DEFAULT 1 + 2",
        "CLUSTER BY (`day`)",
    ):
        assert part in text


def test_the_table_of_a_query_takes_keys_and_leaves_nothing_behind_when_they_are_null(spark, schema, caplog):
    spark.sql(f"CREATE TABLE {schema}.q (CONSTRAINT k PRIMARY KEY (id)) CLUSTER BY AUTO AS SELECT 1L AS id, 'x' AS v")
    assert get_feature_table(spark, f"{schema}.q").primary_keys == ("id",)
    assert not spark.table(f"{schema}.q").schema["id"].nullable
    assert "CLUSTER BY AUTO chooses no columns here" in caplog.text
    with pytest.raises(ValueError, match="NULL keys: 1 in 'id'"):
        spark.sql(f"CREATE TABLE {schema}.bad (PRIMARY KEY (id)) AS SELECT CAST(NULL AS INT) AS id")
    with pytest.raises(Exception, match=r"(?i)violate"):
        spark.sql(f"CREATE TABLE {schema}.bad (CONSTRAINT c CHECK (id > 1)) AS SELECT 1 AS id")
    assert not lakehouse.table_exists(spark, f"{schema}.bad")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ("a INT, PRIMARY KEY (b)", "'b' is not in the columns of .*primary keys.* Known: a"),
        ("a INT, PRIMARY KEY (a, a)", "given twice: a"),
        ("a TIMESTAMP, PRIMARY KEY (a TIMESERIES)", "needs a primary key beside"),
        ("a INT DEFAULT 3", r"DEFAULT \(a\).*allowColumnDefaults"),
        ("a INT PRIMARY KEY, b INT PRIMARY KEY", "Expected one primary key"),
    ],
)
def test_a_table_that_cannot_be_is_refused_with_a_reason_and_not_made(spark, schema, columns, sentence):
    with pytest.raises(ValueError, match=sentence):
        spark.sql(f"CREATE TABLE {schema}.bad ({columns})")
    assert not lakehouse.table_exists(spark, f"{schema}.bad")


def test_lists_of_tables_leave_out_what_headwater_keeps_for_itself(spark, schema):
    spark.sql(f"CREATE TABLE {schema}._mine AS SELECT 1 AS a")
    spark.sql(f"CREATE FUNCTION {schema}.f(x INT) RETURNS INT LANGUAGE PYTHON AS $$\nreturn x\n$$")
    spark.sql(f"CREATE TABLE {schema}._mine_histograms AS SELECT 1 AS a")
    shown = spark.sql(f"SHOW TABLES IN {schema}").where("NOT isTemporary").collect()
    assert [row["tableName"] for row in shown] == ["_mine"]
    everything = spark.sql(f"SHOW TABLES IN {schema} LIKE '*'").where("NOT isTemporary").collect()
    assert {row["tableName"] for row in everything} == {"_functions", "_mine", "_mine_histograms"}
    assert lakehouse.list_tables(spark, *schema.split(".")) == [f"{schema}._mine"]


@pytest.mark.parametrize("catalog", ["main", "odd_names"])
def test_columns_of_any_name_turn_column_mapping_on(spark, schema, catalog):
    spark.sql(f"CREATE CATALOG IF NOT EXISTS {catalog}")
    name = f"{catalog}.{schema.split('.')[1]}"
    spark.sql(f"CREATE SCHEMA IF NOT EXISTS {name}")
    try:
        odd = spark.createDataFrame([(1, 2, (3,))], "`Age (years)` INT, `a,b;{}` INT, s STRUCT<`in side`: INT>")
        odd.write.saveAsTable(f"{name}.saved")
        odd.write.mode("append").saveAsTable(f"{name}.saved")
        odd.writeTo(f"{name}.written").using("delta").create()
        spark.sql(f"CREATE TABLE {name}.declared (`Age (years)` INT, `a,b;{{}}` INT, s STRUCT<`in side`: INT>)")
        odd.write.insertInto(f"{name}.declared")
        spark.sql(f"CREATE OR REPLACE TABLE {name}.queried AS SELECT * FROM {name}.saved")
        for table, rows in {"saved": 2, "written": 1, "declared": 1, "queried": 2}.items():
            assert spark.table(f"{name}.{table}").collect() == odd.collect() * rows
            assert lakehouse.table_properties(spark, f"{name}.{table}")["delta.columnMapping.mode"] == "name"
        spark.sql(f"CREATE TABLE {name}.plain AS SELECT 1 AS a")
        assert "delta.columnMapping.mode" not in lakehouse.table_properties(spark, f"{name}.plain")
    finally:
        if catalog != "main":
            spark.sql(f"DROP CATALOG {catalog} CASCADE")
