"""Figures of the monitor in a version's run: by the day of the window, once each, and again when they have changed."""

from __future__ import annotations

import datetime as dt

import pytest

from headwater.lakehouse import Settings
from headwater.training import MonitoredWindow, log_monitored, use_store
from headwater.training.errors import ModelVersionError

MODEL = "main.air.late"
DAY = dt.datetime(2013, 10, 7)


def test_figures_are_logged_once_and_again_when_they_have_changed(tmp_path):
    settings = Settings(home=tmp_path)
    client = use_store(settings)
    with pytest.raises(ModelVersionError):
        log_monitored(MODEL, [], settings=settings)
    experiment = client.create_experiment("air", artifact_location=settings.artifacts.as_uri())
    client.create_registered_model(MODEL)
    runs = []
    for _ in range(2):
        runs.append(client.create_run(experiment).info.run_id)
        client.set_terminated(runs[-1])
        client.create_model_version(MODEL, source=settings.artifacts.as_uri(), run_id=runs[-1])

    def logged(value, *, version="1"):
        figures = {"roc_auc_score.estimated": value, "roc_auc_score.realised": float("nan")}
        windows = [
            MonitoredWindow(version, DAY, figures),
            MonitoredWindow(version, DAY + dt.timedelta(7), {"coverage": 1.0}),
        ]
        return log_monitored(MODEL, windows, settings=settings)

    assert [logged(0.7), logged(0.7), logged(0.6), logged(0.7), logged(0.7)] == [2, 0, 1, 1, 0]
    assert logged(0.5, version="9") == 0, "a version that is not registered is passed over"
    metrics = client.get_run(runs[0]).data.metrics
    assert metrics == {"monitor.roc_auc_score.estimated": 0.7, "monitor.coverage": 1.0}
    history = client.get_metric_history(runs[0], "monitor.roc_auc_score.estimated")
    assert [one.step for one in history] == [(DAY - dt.datetime(1970, 1, 1)).days] * 3
    assert client.get_run(runs[1]).data.metrics == {}
