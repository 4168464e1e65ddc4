"""``python -m benchmarks.training``: trials of equal length on two workers, by our executor and by hyperopt's SparkTrials."""

from __future__ import annotations

import argparse
import datetime as dt
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measured import Printed
from headwater import lakehouse
from headwater.training import ModelFamily, SearchPlan, TimeFolds, Uniform, search


def main() -> None:
    """Print seconds and overhead per trial of each backend, the ideal, and the ratio of the overheads."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=main.__doc__)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each trial (default: 2)")
    given = parser.parse_args()
    say = Printed("Hyperparameter search", "python -m benchmarks.training")
    times = pd.date_range("2026-01-01", periods=200, freq="h")
    frame = pd.DataFrame({"x": np.arange(200.0), "late": np.arange(200) % 2, "time": times})
    family = ModelFamily("sleeper", {"x": Uniform(0, 1)}, _builder(given.seconds))
    with tempfile.TemporaryDirectory() as folder:
        spark = lakehouse.session(lakehouse.Settings(home=Path(folder), master="local[2]"))
        overheads = {}
        for backend, parallelism in (("local", 1), ("spark", 1), ("spark", 2), ("sparktrials", 2)):
            for _ in range(2):  # the first warms the workers
                plan = SearchPlan(
                    trials=given.trials,
                    parallelism=parallelism,
                    backend=backend,
                    folds=TimeFolds(1, gap=dt.timedelta(hours=1)),
                )
                began = time.perf_counter()
                search(frame, "late", "time", [family], plan)
                took = time.perf_counter() - began
            ideal = given.trials * given.seconds / parallelism
            overheads[backend, parallelism] = overhead = (took - ideal) * parallelism / given.trials
            say(
                f"{backend:12} {parallelism} at a time: {took:5.1f} s, ideal {ideal:.1f} s, overhead {overhead:.2f} s a trial"
            )
        ratio = overheads["sparktrials", 2] / max(overheads["spark", 2], 1e-9)
        say(f"SparkTrials has {ratio:.1f} times the overhead of ours")
        spark.stop()
    if given.trials * given.seconds >= 16:
        say.keep()


def _builder(seconds: float):
    def build(params, columns):
        import time

        from sklearn.dummy import DummyClassifier

        del params, columns
        time.sleep(seconds)
        return DummyClassifier()

    return build


if __name__ == "__main__":
    main()
