"""MLflow's store, experiments, and the runs of a search.

In embedded mode the store is the SQLite file of the settings and artefacts lie beside it; nothing is written to the folder
in which the process runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import time
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from headwater.lakehouse import Settings, is_locked, remove_lock, store_lock
from headwater.training.registry.tracking_store import make_store, mend_store
from headwater.training.search.trial import Trial

if TYPE_CHECKING:
    from mlflow import ActiveRun, MlflowClient
    from mlflow.entities import Run

__all__ = [
    "begin_search",
    "client_of",
    "filter_text",
    "frame_digest",
    "log_history",
    "log_metrics",
    "log_sources",
    "log_trial",
    "start_run",
    "use_store",
]

_TAG_LENGTH = 5000
_HISTORY = "headwater.history_of"  # a run that has the metrics of a model's versions
_NUMBER, _STATUS, _SEARCH, _FOLD_LOSS = "headwater.trial", "headwater.status", "headwater.search", "fold_loss"
_LOCKED = "headwater.locked"  # a run that its process holds a lock for, as long as it works at it


def use_store(settings: Settings) -> MlflowClient:
    """Point MLflow, in this process, at the settings' tracking store and registry; return a client of them."""
    import mlflow

    client = client_of(settings)
    mlflow.set_tracking_uri(settings.mlflow_tracking_uri)
    mlflow.set_registry_uri(_registry_uri(settings))
    return client


def client_of(settings: Settings) -> MlflowClient:
    """Return a client of the settings' store, which is made where it is missing, and mended where it is half made or old.

    Raises
    ------
    TrackingStoreError
        The embedded store's database cannot be opened, nor mended.
    """
    make_store(settings)
    try:
        return _client(settings)
    except Exception as error:
        if settings.tracking_uri:
            raise
        mend_store(settings, error)
    return _client(settings)


def _client(settings: Settings) -> MlflowClient:
    from mlflow import MlflowClient

    with warnings.catch_warnings(), _artifact_root(settings):
        # SQLAlchemy 2.1 on how MLflow declares its tables, at the first use in a process.
        warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
        return MlflowClient(tracking_uri=settings.mlflow_tracking_uri, registry_uri=_registry_uri(settings))


@contextlib.contextmanager
def _artifact_root(settings: Settings) -> Iterator[None]:
    """Let a store that is made within keep the artefacts of experiments without a place of their own beside itself.

    The variable is the one that MLflow's server sets and the store reads once; without it they would lie in ``./mlruns``.
    It is taken back, for it also tells MLflow that it runs inside a server.
    """
    name = "_MLFLOW_SERVER_ARTIFACT_ROOT"
    if settings.tracking_uri or name in os.environ:
        yield
        return
    os.environ[name] = settings.artifacts.as_uri()
    try:
        yield
    finally:
        del os.environ[name]


@contextlib.contextmanager
def start_run(
    settings: Settings, experiment: str, *, name: str, tags: Mapping[str, str] | None = None
) -> Iterator[ActiveRun]:
    """Open a run in the experiment, which is made where it is missing; nested if a run is active already.

    The run ends as FINISHED, or as FAILED if an error passes through. A run of an embedded store whose process was killed is
    ended as KILLED, with its nested runs, by the next one in its experiment.
    """
    import mlflow

    client = use_store(settings)
    experiment_id = _experiment(client, settings, experiment)
    if not settings.tracking_uri:
        _end_killed(client, settings, experiment_id)
    with (
        mlflow.start_run(
            experiment_id=experiment_id,
            run_name=name,
            nested=mlflow.active_run() is not None,
            tags={**(tags or {}), **({} if settings.tracking_uri else {_LOCKED: "true"})},
            log_system_metrics=False,
        ) as run,
        _alive(settings, run.info.run_id),
    ):
        yield run


@contextlib.contextmanager
def _alive(settings: Settings, run_id: str) -> Iterator[None]:
    """Hold the run's lock within, by which other processes see that this one still works at it."""
    if settings.tracking_uri:
        yield
        return
    with store_lock(settings.home, f"run {run_id}"):
        yield
    remove_lock(settings.home, f"run {run_id}")


def _end_killed(client: MlflowClient, settings: Settings, experiment_id: str) -> None:
    """End runs that are RUNNING though the process that began them is gone, and the runs nested in them."""
    running = client.search_runs([experiment_id], "attributes.status = 'RUNNING'")
    killed = {
        run.info.run_id
        for run in running
        if _LOCKED in run.data.tags and not is_locked(settings.home, f"run {run.info.run_id}")
    }
    for run in running:
        if run.info.run_id in killed or run.data.tags.get("mlflow.parentRunId") in killed:
            client.set_terminated(run.info.run_id, status="KILLED")
    for run_id in killed:
        remove_lock(settings.home, f"run {run_id}")


def log_trial(client: MlflowClient, run: ActiveRun, trial: Trial, ranking: str) -> str:
    """Log a trial as a run nested in `run`, from this process; return its id. About 0.1 s.

    Parameters
    ----------
    ranking
        Name of the metric that ranks models.
    """
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    child = client.create_run(
        run.info.experiment_id,
        start_time=now - int(trial.seconds * 1000),
        run_name=f"{trial.family}-{trial.number}",
        tags={"mlflow.parentRunId": run.info.run_id},
    ).info.run_id
    single = {"loss": trial.loss, ranking: trial.ranking, "seconds": trial.seconds}
    metrics = [Metric(k, v, now, 0) for k, v in single.items() if v is not None and math.isfinite(v)]
    for key, values in ((_FOLD_LOSS, trial.fold_losses), (f"fold_{ranking}", trial.fold_rankings)):
        metrics += [Metric(key, v, now, step) for step, v in enumerate(values) if math.isfinite(v)]
    params = [Param("family", trial.family), *(Param(k, str(v)) for k, v in trial.params.items())]
    tags = [RunTag(_NUMBER, str(trial.number)), RunTag(_STATUS, trial.status)]
    if trial.error:
        tags.append(RunTag("headwater.error", trial.error[-_TAG_LENGTH:]))
    client.log_batch(child, metrics=metrics, params=params, tags=tags)
    client.set_terminated(child, status="FAILED" if trial.failed else "FINISHED")
    return str(child)


def begin_search(client: MlflowClient, run: ActiveRun, digest: str, ranking: str) -> dict[int, Trial]:
    """Note in a run which search it does; return the trials of the run that did the same before, if it did not end it.

    Parameters
    ----------
    digest
        Equal for two searches of the same rows, families and plan.
    """
    where = f"tags.`{_SEARCH}` = '{digest}'"
    experiments = [run.info.experiment_id]
    earlier = client.search_runs(experiments, where, order_by=["attributes.start_time DESC"], max_results=1)
    client.set_tag(run.info.run_id, _SEARCH, digest)
    if not earlier or earlier[0].info.status == "FINISHED":
        return {}
    return _trials_of(client, earlier[0], ranking)


def _trials_of(client: MlflowClient, run: Run, ranking: str) -> dict[int, Trial]:
    """Return the trials that are nested in a run, whole ones alone, by number; hyperparameters are texts."""
    where = f"tags.`mlflow.parentRunId` = '{run.info.run_id}' AND attributes.status = 'FINISHED'"
    found: dict[int, Trial] = {}
    for child in client.search_runs([run.info.experiment_id], where, max_results=5000):
        data = child.data
        params = dict(data.params)
        folds = {
            key: tuple(
                one.value for one in sorted(client.get_metric_history(child.info.run_id, key), key=lambda m: m.step)
            )
            for key in (_FOLD_LOSS, f"fold_{ranking}")
        }
        number = int(data.tags[_NUMBER])
        found[number] = Trial(
            number,
            params.pop("family"),
            params,
            data.tags[_STATUS],
            data.metrics["loss"],
            data.metrics.get(ranking),
            folds[_FOLD_LOSS],
            folds[f"fold_{ranking}"],
            data.metrics["seconds"],
        )
    return found


def filter_text(text: str) -> str:
    """Return a text as MLflow's search filters take it: in the quotes that it does not have itself.

    Examples
    --------
    >>> filter_text("main.flights.late")
    "'main.flights.late'"
    """
    quote = '"' if "'" in text else "'"
    return f"{quote}{text}{quote}"


def log_metrics(
    client: MlflowClient, run_id: str, metrics: Mapping[str, Mapping[str, float]], *, step: int = 0
) -> None:
    """Log metrics by model, as ``<model>.<metric>`` and the new model's own as ``<metric>``, in one batch; NaN are left out."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    flat = {
        key if model == "model" else f"{model}.{key}": value
        for model, values in metrics.items()
        for key, value in values.items()
    }
    client.log_batch(run_id, metrics=[Metric(k, v, now, step) for k, v in flat.items() if math.isfinite(v)])


def log_history(
    client: MlflowClient,
    experiment_id: str,
    model_name: str,
    version: str,
    metrics: Mapping[str, Mapping[str, float]],
) -> str:
    """Log a version's metrics into the model's run ``history`` with the version as step, and return the run's id.

    So that one chart of a run shows a metric over the versions: of the model, and of the baselines on the same rows.
    """
    runs = client.search_runs([experiment_id], f"tags.`{_HISTORY}` = {filter_text(model_name)}", max_results=1)
    if runs:
        run_id = runs[0].info.run_id
    else:
        note = f"Metrics of the versions of {model_name} on their holdouts; the step is the version."
        tags = {_HISTORY: model_name, "mlflow.note.content": note}
        run_id = client.create_run(experiment_id, run_name="history", tags=tags).info.run_id
        client.set_terminated(run_id, status="FINISHED")
    log_metrics(client, run_id, metrics, step=int(version))
    return str(run_id)


def log_sources(rows: Mapping[str, tuple[int, str]], table_versions: Mapping[str, Any]) -> None:
    """Log what the active run has seen: rows by their number and digest, each source table by its name and version.

    Rows are named by their context (``training``, ``holdout``). Only names, numbers and digests are logged.
    """
    import mlflow
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.data.spark_dataset_source import SparkDatasetSource

    # MLflow's own type hints call MetaDataset abstract; it is made to be used like this. Its Delta source would ask a
    # Databricks workspace for the table's id.
    for context, (count, digest) in rows.items():
        source = CodeDatasetSource({"rows": count})
        seen = MetaDataset(source, name=context, digest=digest[:36])  # type: ignore[abstract]
        mlflow.log_input(seen, context=context)
    for table, version in table_versions.items():
        origin = SparkDatasetSource(table_name=table)
        known = MetaDataset(origin, name=table, digest=f"version-{version}")  # type: ignore[abstract]
        mlflow.log_input(known, context="source")


def frame_digest(frame: pd.DataFrame) -> str:
    """Return 16 hexadecimal digits that change with any name, value or order of rows; 0.2 s for 220,000 rows of 50.

    Examples
    --------
    >>> frame_digest(pd.DataFrame({"a": [1.0]})) == frame_digest(pd.DataFrame({"a": [2.0]}))
    False
    """
    digest = hashlib.blake2b(digest_size=8)
    for name in frame:
        digest.update(str(name).encode())
        digest.update(pd.util.hash_array(frame[name].to_numpy()).tobytes())
    return digest.hexdigest()


def _registry_uri(settings: Settings) -> str:
    uri = settings.mlflow_tracking_uri
    return "databricks-uc" if uri.startswith("databricks") else uri


def _experiment(client: MlflowClient, settings: Settings, name: str) -> str:
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        location = None if settings.tracking_uri else (settings.artifacts / name.strip("/")).as_uri()
        try:
            return str(client.create_experiment(name, artifact_location=location))
        except MlflowException:
            found = client.get_experiment_by_name(name)  # another process was first
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)
