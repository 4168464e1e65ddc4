"""Rows with a known rule, a store of its own, and a training set as `train` takes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headwater import training
from headwater.lakehouse import Settings

START = dt.datetime(2013, 7, 1)
HOLDOUT = training.Holdout(dt.datetime(2013, 9, 1), dt.datetime(2013, 10, 1), gap=dt.timedelta(days=1))


def make_rows(rows: int = 4000, seed: int = 0) -> pd.DataFrame:
    """Three months of rows whose label follows `wind` and `carrier`; a tenth of the inputs is missing."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"wind": rng.normal(size=rows), "noise": rng.normal(size=rows), "hour": rng.integers(0, 24, rows) * 1.0}
    )
    frame["carrier"] = rng.choice(np.array(["UA", "AA", "B6"], dtype=object), rows)
    odds = 1.8 * frame["wind"] + (frame["carrier"] == "B6") * 1.5 + 0.05 * frame["hour"] - 2.0
    frame["late"] = (rng.random(rows) < 1 / (1 + np.exp(-odds))).astype("int64")
    frame.loc[rng.random(rows) < 0.1, "wind"] = np.nan
    frame.loc[rng.random(rows) < 0.1, "carrier"] = None
    frame["time"] = pd.to_datetime(START) + pd.to_timedelta(np.sort(rng.integers(0, 95 * 86400, rows)), "s")
    frame["id"] = np.arange(rows)
    return frame


@dataclass(frozen=True)
class Rows:
    """A training set: rows in Spark, and the versions of the tables they came from."""

    df: Any
    feature_spec: Any

    def load_df(self) -> Any:
        """Give the rows."""
        return self.df


@dataclass(frozen=True)
class Spec:
    """As much of a feature spec as training reads."""

    table_versions: dict[str, int]


def training_set(spark: Any, frame: pd.DataFrame) -> Rows:
    """Give the frame as a training set; missing values are NULL, as from a Delta table."""
    rows = [
        tuple(None if pd.isna(v) else v.to_pydatetime() if isinstance(v, pd.Timestamp) else v for v in row)
        for row in frame.itertuples(index=False)
    ]
    schema = ", ".join(f"{c} {_spark_type(frame[c])}" for c in frame)
    return Rows(spark.createDataFrame(rows, schema), Spec({"main.flights.weather": 7}))


def _spark_type(column: pd.Series) -> str:
    return {"f": "double", "i": "bigint", "O": "string", "M": "timestamp", "b": "boolean"}[column.dtype.kind]


def log_sklearn(*, model: Any, artifact_path: str, flavor: Any, training_set: Any, **rest: Any) -> Any:
    """Log the bare model, without a feature spec."""
    return flavor.log_model(model, name=artifact_path, **rest)


def small_plan(model_name: str, **changes: Any) -> training.TrainingPlan:
    """A plan of two trials, in this process."""
    given: dict[str, Any] = {
        "model_name": model_name,
        "label": "late",
        "time_column": "time",
        "holdout": HOLDOUT,
        "exclude": ("id",),
        "search": training.SearchPlan(trials=2, backend="local", folds=training.TimeFolds(2, gap=dt.timedelta(days=1))),
        "baselines": (training.RateBaseline(), training.RateBaseline("hour_and_carrier", ("hour", "carrier"))),
        "slices": ("carrier",),
    }
    return training.TrainingPlan(**(given | changes))


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    """Give the rows."""
    return make_rows()


@pytest.fixture(scope="session")
def store(home: str) -> Settings:
    """Give the settings of the run's store, which is also the Spark session's."""
    return Settings(home=Path(home))


@pytest.fixture(autouse=True)
def _nothing_strays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run each test in an empty folder, and look afterwards whether it is still empty."""
    folder = tmp_path / "working_folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="session")
def kit() -> Any:
    """Give this file's functions: test folders are no packages."""
    from types import SimpleNamespace

    return SimpleNamespace(small_plan=small_plan, training_set=training_set, log_sklearn=log_sklearn)
