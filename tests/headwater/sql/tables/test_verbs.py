"""Statements about tables that are there."""

from pathlib import Path

import pytest

from headwater import lakehouse


def test_statements_that_delta_has_work_with_three_levels(spark, schema):
    table = f"{schema}.t"
    spark.sql(f"CREATE TABLE {table} (id INT, day DATE) PARTITIONED BY (day) COMMENT 'c'")
    spark.sql(f"INSERT INTO {table} VALUES (1, DATE '2024-01-01'), (2, DATE '2024-01-02')")
    spark.sql(f"OPTIMIZE {table} WHERE day = '2024-01-01'")
    spark.sql(f"OPTIMIZE {table} ZORDER BY (id)")
    spark.sql(f"VACUUM {table}")
    spark.sql(f"ANALYZE TABLE {table} COMPUTE STATISTICS FOR ALL COLUMNS")
    spark.sql(f"ANALYZE TABLE {table} COMPUTE DELTA STATISTICS")
    with pytest.raises(ValueError, match="'nope' is not in"):
        spark.sql(f"ANALYZE TABLE {table} COMPUTE STATISTICS FOR COLUMNS id, nope")
    assert spark.sql(f"DESCRIBE DETAIL {table}").collect()[0]["partitionColumns"] == ["day"]
    assert "PARTITIONED BY (`day`)" in spark.sql(f"SHOW CREATE TABLE {table}").collect()[0][0]
    spark.sql(f"ALTER TABLE {table} RENAME TO {schema}.renamed")
    shown = spark.sql(f"SHOW TABLES IN {schema}").where("NOT isTemporary").collect()
    assert [row["tableName"] for row in shown] == ["renamed"]
    assert lakehouse.list_tables(spark, *schema.split(".")) == [f"{schema}.renamed"]
    with pytest.raises(ValueError, match="a table keeps its catalog and schema"):
        spark.sql(f"ALTER TABLE {schema}.renamed RENAME TO main.default.other")
    spark.sql(f"CREATE TABLE {schema}.c (a INT) CLUSTER BY (a)")
    spark.sql(f"ALTER TABLE {schema}.c CLUSTER BY NONE")
    spark.sql(f"DROP TABLE IF EXISTS {schema}.c")
    spark.sql(f"DROP TABLE IF EXISTS {schema}.c")


def test_a_table_that_another_process_made_is_found(spark, schema, home):
    import shutil

    spark.sql(f"CREATE TABLE {schema}.t AS SELECT 7 AS a")
    folder = Path(home) / "warehouse" / f"{schema.split('.')[1]}.db"
    shutil.copytree(folder / "t", folder / "elsewhere")
    assert spark.sql(f"SELECT a FROM {schema}.elsewhere").collect() == [(7,)]
    with pytest.raises(Exception, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.sql(f"SELECT a FROM {schema}.nowhere")
