"""Key figures of the monitor as metrics of the run that trained a version: one chart shows how the model does in service."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.lakehouse import Settings
from headwater.training.registry.registry import versions_of
from headwater.training.registry.tracking import client_of

if TYPE_CHECKING:
    from mlflow.entities import Metric

__all__ = ["MonitoredWindow", "log_monitored"]

_PREFIX = "monitor."
_MOST = 1_000  # metrics that MLflow takes at once


@dataclass(frozen=True)
class MonitoredWindow:
    """Figures of a version, by name, in the window that starts at a time, UTC, naive or aware; NaN are left out."""

    version: str
    start: dt.datetime
    figures: Mapping[str, float]


def log_monitored(model_name: str, windows: Sequence[MonitoredWindow], *, settings: Settings | None = None) -> int:
    """Log the figures as ``monitor.<name>`` into the runs of the versions, and return how many were new or have changed.

    The step is the day of the window's start, counted from 1970-01-01. A figure that the run has already is not logged again; one
    that has changed, as late labels change it, is logged once more, and is then the newest of its step.

    Versions that the registry does not have are passed over.

    Raises
    ------
    ModelVersionError
        If there is no such model.
    """
    client = client_of(settings or Settings())
    runs = {str(one.version): one.run_id for one in versions_of(client, model_name)}
    logged = 0
    for version in sorted({one.version for one in windows} & {name for name, run in runs.items() if run}):
        run_id, fresh = str(runs[version]), []
        found = [metric for one in windows if one.version == version for metric in _metrics(one)]
        for key in sorted({metric.key for metric in found}):
            history = sorted(client.get_metric_history(run_id, key), key=lambda metric: metric.timestamp)
            newest = {metric.step: metric.value for metric in history}
            fresh += [one for one in found if one.key == key and newest.get(one.step) != one.value]
        for at in range(0, len(fresh), _MOST):
            client.log_batch(run_id, metrics=fresh[at : at + _MOST])
        logged += len(fresh)
    return logged


def _metrics(window: MonitoredWindow) -> list[Metric]:
    from mlflow.entities import Metric

    start = window.start if window.start.tzinfo else window.start.replace(tzinfo=dt.UTC)
    step, now = (start - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).days, int(time.time() * 1000)
    return [
        Metric(f"{_PREFIX}{name}", float(value), now, step)
        for name, value in window.figures.items()
        if math.isfinite(value)
    ]
