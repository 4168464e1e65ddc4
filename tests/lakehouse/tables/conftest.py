"""A table of five rows."""

import datetime as dt

import pytest
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
