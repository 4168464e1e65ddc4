"""What a table's log says of it."""

import pytest
from pyspark.sql.types import DoubleType, LongType, StructField, StructType, TimestampType

from headwater import lakehouse

SCHEMA = StructType(
    [StructField("id", LongType(), nullable=False), StructField("ts", TimestampType()), StructField("v", DoubleType())]
)


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
