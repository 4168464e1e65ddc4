"""``python -m benchmarks.serving``: our endpoint, MLflow's, and the floor, in one run; prints ratios."""

from __future__ import annotations

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measured import Printed
from benchmarks.serving.contestants import body, floor, headwater, mlflow
from benchmarks.serving.load import measure, request_bytes
from headwater.lakehouse import Settings

LOADS = ((1, 1), (8, 1), (1, 100))  # connections, rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each load (default: 5)")
    seconds = parser.parse_args().seconds
    say = Printed("Endpoints", "python -m benchmarks.serving")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / ".headwater"
        names = _models(home)
        names_of_columns = f"{'req/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms':>7} {'MiB':>6} {'failed':>6}"
        say(f"{'model':10} {'server':20} {'connections':>11} {'rows':>5} {names_of_columns}")
        base = _measured(say, "", "floor", floor, seconds)
        ratios = []
        for name in names:
            ours = _measured(say, name, "headwater serve", lambda n=name: headwater(home, n), seconds)
            theirs = _measured(say, name, "mlflow models serve", lambda n=name: mlflow(home, n), seconds)
            for load in LOADS:
                connections, rows = load
                latency, rate = theirs[load].p50 / ours[load].p50, ours[load].rate / theirs[load].rate
                floors = ours[load].p50 / base[load].p50
                ratios.append(
                    f"{name}, {connections} connections, {rows} rows: mlflow's p50 is {latency:.1f} times ours; "
                    f"ours answers {rate:.1f} times the requests; our p50 is {floors:.1f} times the floor's"
                )
        say()
        for line in ratios:
            say(line)
    if seconds >= 3:
        say.keep()


def _measured(say: Printed, model: str, server: str, start, seconds: float) -> dict[tuple[int, int], object]:
    found = {}
    with start() as running:
        for connections, rows in LOADS:
            request = request_bytes(running.port, running.path, body(rows), running.token)
            measure(running.port, request, running.pids, connections=connections, seconds=min(1.0, seconds))
            one = found[connections, rows] = measure(
                running.port, request, running.pids, connections=connections, seconds=seconds
            )
            say(
                f"{model:10} {server:20} {connections:11} {rows:5} {one.rate:8,.0f} {one.p50:8.2f} {one.p99:8.2f} {one.cpu:7.2f} "
                f"{one.memory:6.0f} {one.failed:6}"
            )
    return found


def _models(home: Path) -> list[str]:
    import mlflow as tracking
    from mlflow.models import infer_signature
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    from headwater.training import use_store

    warnings.simplefilter("ignore")
    use_store(Settings(home=home))
    drawn = np.random.default_rng(0)
    frame = pd.DataFrame({f"x{i}": drawn.normal(size=5_000) for i in range(10)})
    label = (frame.sum(axis=1) + drawn.normal(size=5_000) > 0).astype(int)
    models = {"logistic": LogisticRegression(), "boosting": HistGradientBoostingClassifier()}
    for name, model in models.items():
        model.fit(frame, label)
        with tracking.start_run():
            tracking.sklearn.log_model(
                model,
                name=name,
                registered_model_name=name,
                pyfunc_predict_fn="predict_proba",
                signature=infer_signature(frame, model.predict_proba(frame)),
                serialization_format="cloudpickle",
            )
    return list(models)


if __name__ == "__main__":
    main()
