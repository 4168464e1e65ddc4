"""What MLflow's registry knows of the model: its versions, how each was judged, and who is champion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from headwater.lakehouse import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["ModelVersion", "model_versions"]


@dataclass(frozen=True)
class ModelVersion:
    """A registered version with what its training run logged; times are naive UTC, None where unknown.

    `holdout_start` and `holdout_end` are the interval it was judged on (end exclusive), `gap` what was left out before it.
    `metrics` has the model's own by their names, a baseline's as ``<baseline>.<metric>``. `gate` is ``passed``,
    ``refused`` or empty.
    """

    version: str
    aliases: tuple[str, ...] = ()
    family: str = ""
    holdout_start: pd.Timestamp | None = None
    holdout_end: pd.Timestamp | None = None
    gap: pd.Timedelta = field(default_factory=lambda: pd.Timedelta(0))
    metrics: Mapping[str, float] = field(default_factory=dict)
    gate: str = ""
    verdict: str = ""
    reason: str = ""
    promoted: bool = False


def model_versions(settings: Settings, model_name: str) -> list[ModelVersion]:
    """Return the registered versions, oldest first; none if there is no store or no such model yet."""
    from mlflow.exceptions import MlflowException

    from headwater.training import use_store

    if not settings.tracking_uri and not (settings.home / "mlflow.db").is_file():
        return []
    client = use_store(settings)
    try:
        aliases = client.get_registered_model(model_name).aliases
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}:
            return []
        raise
    found = client.search_model_versions(f"name = '{model_name}'")
    return [_version(client, one, aliases) for one in sorted(found, key=lambda one: int(one.version))]


def _version(client: MlflowClient, registered: Any, aliases: Mapping[str, Any]) -> ModelVersion:
    from mlflow.exceptions import MlflowException

    number = str(registered.version)
    named = tuple(sorted(alias for alias, version in aliases.items() if str(version) == number))
    try:
        data = client.get_run(registered.run_id).data if registered.run_id else None
    except MlflowException:  # the run was deleted; the version stays
        data = None
    if data is None:
        return ModelVersion(number, named)
    return ModelVersion(
        number,
        named,
        family=data.params.get("family", ""),
        holdout_start=_time(data.params.get("holdout_start")),
        holdout_end=_time(data.params.get("holdout_end")),
        gap=pd.Timedelta(data.params.get("gap") or 0),
        metrics=dict(data.metrics),
        gate=data.tags.get("headwater.gate", ""),
        verdict=data.tags.get("headwater.verdict", ""),
        reason=data.tags.get("headwater.reason", ""),
        promoted=data.tags.get("headwater.promoted") == "true",
    )


def _time(text: str | None) -> pd.Timestamp | None:
    if not text:
        return None
    time = pd.Timestamp(text)
    return time.tz_convert("UTC").tz_localize(None) if time.tzinfo else time
