"""``python -m benchmarks.serving``: our endpoint, MLflow's, and the floor, in one run; prints ratios."""

from __future__ import annotations

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measured import Printed
from benchmarks.serving.comparison import LOADS, heading, measured
from benchmarks.serving.contestants import body, floor, headwater, mlflow
from headwater.lakehouse import Settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each load (default: 5)")
    seconds = parser.parse_args().seconds
    say = Printed("Endpoints", "python -m benchmarks.serving")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / ".headwater"
        names = _models(home)
        heading(say, "model", "server")
        base = measured(say, ("", "floor"), floor, body, seconds)
        ratios = []
        for name in names:
            ours = measured(say, (name, "headwater serve"), lambda n=name: headwater(home, n), body, seconds)
            theirs = measured(say, (name, "mlflow models serve"), lambda n=name: mlflow(home, n), body, seconds)
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
