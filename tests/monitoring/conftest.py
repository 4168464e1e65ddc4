"""A small world for the monitor: three weeks of predictions, a baseline, and one planted drift."""

from __future__ import annotations

import datetime as dt
import uuid

import numpy as np
import pandas as pd
import pytest

from headwater.monitoring import Monitor, MonitorInferenceLog

MONDAY = dt.datetime(2013, 10, 7)
NAMES = {"flight_id": "string", "prediction_time": "timestamp", "delay": "double", "wind": "double", "steady": "double"}
NAMES |= {"carrier": "string", "origin": "string", "busy": "boolean", "seats": "int", "prediction": "double"}
NAMES |= {"proba": "double", "model_version": "string", "late": "int"}


def week(number: int, rows: int = 300, *, seed: int | None = None) -> pd.DataFrame:
    """Give a week of predictions; in the third one `delay` moves by two deviations and carrier ZZ appears."""
    rng = np.random.default_rng(number if seed is None else seed)
    start = MONDAY + dt.timedelta(days=7 * number)
    proba = rng.uniform(size=rows).round(2)
    carriers = ["AA", "B6", "UA"] if number < 2 else ["AA", "B6", "UA", "ZZ"]
    frame = pd.DataFrame(
        {
            "flight_id": [f"{number}-{i}" for i in range(rows)],
            "prediction_time": [start + dt.timedelta(minutes=int(m)) for m in np.sort(rng.integers(0, 7 * 1440, rows))],
            "delay": rng.normal(2.0 if number >= 2 else 0.0, 1.0, rows),
            "wind": rng.integers(0, 5, rows).astype(float),
            "steady": rng.normal(size=rows),
            "carrier": rng.choice(carriers, rows),
            "origin": rng.choice(["EWR", "JFK", "LGA"], rows, p=[0.5, 0.3, 0.2]),
            "busy": rng.uniform(size=rows) < 0.4,
            "seats": rng.integers(100, 200, rows),
            "prediction": (proba > 0.5).astype(float),
            "proba": proba,
            "model_version": np.where(rng.uniform(size=rows) < 0.7, "1", "2"),
            "late": (rng.uniform(size=rows) < proba).astype(int),
        }
    ).astype(object)
    frame.loc[::10, "wind"] = None
    frame.loc[1::10, "wind"] = float("nan")
    frame.loc[::7, "late"] = None
    return frame


def as_spark(spark, frame: pd.DataFrame):
    """Give the frame to Spark without pandas turning NULL into NaN."""
    ddl = ", ".join(f"{name} {kind}" for name, kind in NAMES.items())
    rows = [
        tuple(v.to_pydatetime() if isinstance(v, pd.Timestamp) else v for v in row)
        for row in frame[list(NAMES)].itertuples(index=False)
    ]
    return spark.createDataFrame(rows, ddl)


def monitor_of(schema: str, **changes) -> Monitor:
    """Give the world's monitor, with changes."""
    kind = MonitorInferenceLog(
        problem_type="classification",
        timestamp_col="prediction_time",
        granularities=("1 week", "1 month"),
        prediction_col="prediction",
        prediction_proba_col="proba",
        model_id_col="model_version",
        label_col="late",
    )
    return Monitor(
        **{
            "table_name": f"{schema}.inference",
            "output_schema": schema,
            "kind": kind,
            "baseline_table_name": f"{schema}.baseline",
            "slicing_exprs": ("busy", "origin", "seats > 150"),
            "exclude": ("flight_id",),
            **changes,
        }
    )


@pytest.fixture(scope="session")
def weeks() -> pd.DataFrame:
    return pd.concat([week(number) for number in range(3)], ignore_index=True)


@pytest.fixture(scope="session")
def world(spark, weeks):
    """Give the schema of a world that was refreshed once as a whole. Not to be written to."""
    from headwater.monitoring import refresh

    schema = f"main.t_world_{uuid.uuid4().hex[:6]}"
    spark.sql(f"CREATE SCHEMA {schema}")
    as_spark(spark, weeks).write.format("delta").saveAsTable(f"{schema}.inference")
    as_spark(spark, week(0, 2000, seed=99)).write.format("delta").saveAsTable(f"{schema}.baseline")
    refresh(spark, monitor_of(schema))
    yield schema
    spark.sql(f"DROP SCHEMA {schema} CASCADE")
