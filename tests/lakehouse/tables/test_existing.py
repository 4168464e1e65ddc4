"""Which tables there are, by names of one to three levels."""

import pytest
from pyspark.sql.types import DoubleType, LongType, StructField, StructType, TimestampType

from headwater import lakehouse

SCHEMA = StructType(
    [StructField("id", LongType(), nullable=False), StructField("ts", TimestampType()), StructField("v", DoubleType())]
)


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
