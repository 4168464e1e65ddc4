"""A schema with feature tables, and label rows: all rules share them."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from pyspark.sql import functions as F

from headwater import FeatureEngineeringClient
from headwater.features import (
    create_function,
)
from tests.headwater.clients.rules.rule import AT, DAY


def half(x: float | None) -> float | None:
    """Return the half, and -1 for NULL."""
    return -1.0 if x is None else x / 2


@pytest.fixture(scope="package")
def fe(spark):
    return FeatureEngineeringClient()


@pytest.fixture(scope="package")
def s(spark, fe):
    """A schema with feature tables, by one Spark write each: all rules share them."""
    name = f"main.rules_{uuid.uuid4().hex[:6]}"
    spark.sql(f"CREATE SCHEMA {name}")
    shops = spark.createDataFrame(
        [(1, "north", 10.0, 3), (2, None, 20.0, None)], "shop long, region string, size double, floors int"
    )
    fe.create_table(name=f"{name}.shops", primary_keys="shop", df=shops)
    sales = [(1, AT - DAY, 1.0, 4), (1, AT, 2.0, None), (1, AT + DAY, 3.0, 6), (2, AT - 9 * DAY, 9.0, 7)]
    df = spark.createDataFrame(sales, "shop long, ts timestamp, amount double, pieces int")
    fe.create_table(name=f"{name}.sales", primary_keys=["shop", "ts"], df=df, timeseries_column="ts")
    rates = spark.createDataFrame([("north", dt.date(2024, 1, 9), 0.5)], "region string, day date, tax double")
    fe.create_table(name=f"{name}.rates", primary_keys=["region", "day"], df=rates, timeseries_column="day")
    create_function(spark, half, f"{name}.half")
    yield name
    spark.sql(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(scope="package")
def spine(spark):
    rows = [(1, 1, AT, 0.0), (2, 2, AT, 1.0), (3, None, AT, 2.0), (4, 1, None, 3.0), (4, 1, None, 3.0)]
    df = spark.createDataFrame(rows, "id long, store long, at timestamp, y double")
    return df.withColumn("day", F.to_date("at")).cache()
