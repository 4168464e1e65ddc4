"""A small project with a chain of commands: create, merge, materialise, train, score, label, monitor, and train again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater import FeatureEngineeringClient, FeatureLookup, Project, jobs, lakehouse
from headwater.features import AggregationFunction, Avg, Count, DeltaTableSource, Feature, FeatureGroup, TumblingWindow
from headwater.training import Gate, Holdout, SearchPlan, TimeFolds, TrainingPlan, logistic_regression

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

BEGIN, HOLDOUT, LIVE, LAST, END = (dt.datetime(2024, 1, day, tzinfo=dt.UTC) for day in (1, 9, 12, 13, 14))
CUSTOMERS, ORDERS = "main.drill.customers", "main.drill.orders"
DELAY = dt.timedelta(hours=6)  # until it is known whether an order comes back
_ORDERS = "order_id bigint, customer string, at timestamp, amount double, returned int, known_at timestamp"
_ORDER_COLUMNS = ["order_id", "customer", "at", "amount"]


@cache
def orders() -> pd.DataFrame:
    """Return 1,040 orders of 40 customers in 13 days, with their outcome and the time at which it is known."""
    random = np.random.default_rng(7)
    at = pd.date_range("2024-01-01", periods=1040, freq="18min")
    customer = random.integers(0, 40, len(at))
    amount = random.gamma(2.0, 20.0, len(at)).round(2)
    chance = 1 / (1 + np.exp(-(customer % 5 - 2 + (amount - 40) / 25)))
    return pd.DataFrame(
        {
            "order_id": np.arange(len(at)),
            "customer": [f"c{number:02d}" for number in customer],
            "at": at,
            "amount": amount,
            "returned": (random.random(len(at)) < chance).astype("int32"),
            "known_at": at + DELAY,
        }
    )


def customers(first: int, last: int) -> pd.DataFrame:
    """Return the register of the customers from `first` to `last`, which is left out."""
    numbers = np.arange(first, last)
    return pd.DataFrame({"customer": [f"c{n:02d}" for n in numbers], "tier": (numbers % 5).astype("float64")})


def land(spark: SparkSession, start: dt.datetime, end: dt.datetime) -> int:
    """Land the orders of an interval."""
    rows = orders()
    rows = rows[(rows["at"] >= start.replace(tzinfo=None)) & (rows["at"] < end.replace(tzinfo=None))]
    frame = spark.createDataFrame(rows, _ORDERS)
    lakehouse.ensure_table(spark, ORDERS, frame.schema)
    lakehouse.replace_interval(frame, ORDERS, "at", start, end)
    return len(rows)


def spine(spark: SparkSession, start: dt.datetime, end: dt.datetime) -> DataFrame:
    """Return the orders to be predicted in an interval."""
    first, last = lakehouse.sql_time(start), lakehouse.sql_time(end)
    rows = lakehouse.read_table(spark, ORDERS).where(f"at >= TIMESTAMP '{first}' AND at < TIMESTAMP '{last}'")
    return rows.select(*_ORDER_COLUMNS)


def outcomes(spark: SparkSession, as_of: dt.datetime) -> DataFrame:
    """Return the outcomes that were known before a time."""
    rows = lakehouse.read_table(spark, ORDERS).where(f"known_at < TIMESTAMP '{lakehouse.sql_time(as_of)}'")
    return rows.select("order_id", "returned")


def plan(start: dt.datetime, end: dt.datetime) -> TrainingPlan:
    """Return a plan of one trial, and a gate whose sentences name no measured time."""
    return TrainingPlan(
        model_name="main.drill.returned",
        label="returned",
        time_column="at",
        holdout=Holdout(start, end),
        exclude=("order_id",),
        search=SearchPlan(trials=1, folds=TimeFolds(1), backend="local", seed=1),
        families=(logistic_regression(),),
        gate=Gate(0.5, None, None, None, calibration_error=None, latency_ms=None),
        experiment="drill",
    )


_DAY = TumblingWindow(window_duration=dt.timedelta(days=1))
_SOURCE = DeltaTableSource(catalog_name="main", schema_name="drill", table_name="orders")


def project_in(schema: str) -> Project:
    """Return the project with its feature group, model and tables in a schema; sources are in ``main.drill``."""
    activity, model = f"{schema}.activity", f"{schema}.returned"
    return Project(
        name="drill",
        title="Which orders come back?",
        groups=(
            FeatureGroup(
                activity,
                tuple(
                    Feature(
                        source=_SOURCE,
                        function=AggregationFunction(function, _DAY),
                        entity="customer",
                        timeseries_column="at",
                        name=name,
                    )
                    for name, function in (("orders_1d", Count("amount")), ("amount_1d", Avg("amount")))
                ),
            ),
        ),
        lookups=(FeatureLookup(activity, "customer", timestamp_lookup_key="at"), FeatureLookup(CUSTOMERS, "customer")),
        spine=spine,
        outcomes=outcomes,
        keys=("order_id",),
        time_column="at",
        label="returned",
        exclude=("customer",),
        model_name=model,
        plan=lambda start, end: replace(plan(start, end), model_name=model, experiment=schema.rpartition(".")[2]),
        tables=schema,
        land=land,
        label_delay=dt.timedelta(days=2),
        granularities=("1 day",),
        monitor_exclude=("customer",),
    )


project = project_in("main.drill")


def _create(spark: SparkSession) -> None:
    client = FeatureEngineeringClient()
    client.create_table(name=CUSTOMERS, primary_keys="customer", df=spark.createDataFrame(customers(0, 25)))


def _merge(spark: SparkSession) -> None:
    FeatureEngineeringClient().write_table(name=CUSTOMERS, df=spark.createDataFrame(customers(20, 40)))


def chain_of(project: Project) -> dict[str, Callable[[SparkSession], object]]:
    """Return the chain's commands, in their order."""

    def materialize(spark: SparkSession, start: dt.datetime, end: dt.datetime) -> None:
        jobs.land(spark, project, start, end)
        jobs.materialize(spark, project, start, end)

    return {
        "create": _create,
        "merge": _merge,
        "materialize": lambda spark: materialize(spark, BEGIN, LIVE),
        "train": lambda spark: jobs.train(spark, project, BEGIN, HOLDOUT, LIVE, reason="first"),
        "materialize again": lambda spark: materialize(spark, LIVE, END),
        "score": lambda spark: jobs.score(spark, project, LIVE, END),
        "label": lambda spark: jobs.label(spark, project, LIVE, END),
        "monitor": lambda spark: jobs.monitor(spark, project, LIVE, END),
        "train again": lambda spark: jobs.train(spark, project, BEGIN, LIVE, LAST, reason="second"),
        "score again": lambda spark: jobs.score(spark, project, LAST, END),
    }


CHAIN = chain_of(project)
