"""A small project of three classes: which cultivar a wine is of, from its chemical analysis (scikit-learn's bundled set)."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from headwater import FeatureEngineeringClient, FeatureLookup, Project, lakehouse
from headwater.monitoring import AlertPolicy
from headwater.training import (
    Gate,
    Holdout,
    Multiclass,
    RateBaseline,
    SearchPlan,
    TimeFolds,
    TrainingPlan,
    logistic_regression,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

BEGIN = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
HOLDOUT, LIVE, END = (BEGIN + dt.timedelta(days=days) for days in (8, 12, 15))
ANALYSES, MODEL = "main.wine.analyses", "main.wine.cultivar"
CLASSES = ("barolo", "grignolino", "barbera")
_MEASURED = ("alcohol", "malic_acid", "ash", "magnesium", "flavanoids", "hue", "proline")


@cache
def wines() -> pd.DataFrame:
    """Return 178 wines in a random order, one analysed every two hours, with their cultivar."""
    from sklearn.datasets import load_wine

    found = load_wine(as_frame=True)
    rows = found.data[list(_MEASURED)].assign(cultivar=np.array(CLASSES)[found.target])
    rows = rows.sample(frac=1, random_state=4).reset_index(drop=True)
    return rows.assign(wine=np.arange(len(rows)), at=pd.date_range("2024-03-01", periods=len(rows), freq="2h"))


def write(spark: SparkSession) -> None:
    """Write the analyses as a feature table."""
    frame = spark.createDataFrame(wines()[["wine", *_MEASURED]])
    FeatureEngineeringClient().create_table(name=ANALYSES, primary_keys="wine", df=frame)


def _between(spark: SparkSession, start: dt.datetime, end: dt.datetime, *columns: str) -> DataFrame:
    rows = spark.createDataFrame(wines()[list(columns)])
    return rows.where(f"at >= TIMESTAMP '{lakehouse.sql_time(start)}' AND at < TIMESTAMP '{lakehouse.sql_time(end)}'")


def plan(start: dt.datetime, end: dt.datetime) -> TrainingPlan:
    """Return a plan of two trials."""
    return TrainingPlan(
        model_name=MODEL,
        label="cultivar",
        time_column="at",
        holdout=Holdout(start, end),
        exclude=("wine",),
        search=SearchPlan(trials=2, folds=TimeFolds(2), backend="local", seed=1),
        families=(logistic_regression(),),
        # 48 rows tell little of calibration.
        gate=Gate(least={"accuracy": 0.8}, calibration_error=None, latency_ms=None),
    )


project = Project(
    name="wine",
    title="Which cultivar is the wine of?",
    groups=(),
    lookups=(FeatureLookup(ANALYSES, "wine"),),
    spine=lambda spark, start, end: _between(spark, start, end, "wine", "at"),
    outcomes=lambda spark, as_of: _between(spark, BEGIN, as_of, "wine", "at", "cultivar").drop("at"),
    keys=("wine",),
    time_column="at",
    label="cultivar",
    problem=Multiclass(CLASSES),
    baselines=(RateBaseline(),),
    model_name=MODEL,
    plan=plan,
    tables="main.wine",
    granularities=("1 day",),
    alerts=AlertPolicy(granularity="1 day"),
)
