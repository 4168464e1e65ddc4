"""All that the report shows, read once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from headwater.conventions import MODEL_VERSION
from headwater.lakehouse import Settings
from headwater.project import Project
from headwater.web.report.causes import input_drift, score_changes
from headwater.web.report.drift import weekly_drift
from headwater.web.report.estimates import weekly_estimates
from headwater.web.report.figures import figures_of
from headwater.web.report.gain import Gain, gained
from headwater.web.report.judged import Judged, judged_rows
from headwater.web.report.models import ModelVersion, model_versions
from headwater.web.report.tables import Store

__all__ = ["Facts", "FeatureTable", "gather"]

_ALERTS = ("rule", "column_name", "window.start", "granularity", "model_id", "severity", "concerns", "message")
_INCIDENTS = (
    "incident_id", "state", "severity", "concerns", "since", "opened_at", "closed_at", "pvalue", "over_budget", "message",
    "advice",
)  # fmt: skip
_DECISIONS = ("as_of", MODEL_VERSION, "retrain", "reason", "alerts")
_REQUESTS = ("request_time", "status_code", "execution_duration_ms", "served_entity_id")
_PROMOTIONS = ("version", "action", "champion", "previous", "reason", "who", "at")


@dataclass(frozen=True)
class FeatureTable:
    """A feature table: what its Delta log and properties say; `features` are its columns that are no keys."""

    name: str
    rows: int
    features: int
    keys: tuple[str, ...]
    intervals: tuple[tuple[pd.Timestamp, pd.Timestamp], ...]
    version: int
    description: str


@dataclass(frozen=True)
class Facts:
    """What was found, newest last; frames are empty where a table is not there yet."""

    project: Project
    store: Store
    versions: Sequence[ModelVersion]
    judged: Judged
    monthly: pd.DataFrame
    weekly: pd.DataFrame
    by_version: pd.DataFrame
    gain: Gain | None
    drift: pd.DataFrame
    estimates: pd.DataFrame
    input_drift: pd.DataFrame
    score_changes: pd.DataFrame
    alerts: pd.DataFrame
    incidents: pd.DataFrame
    decisions: pd.DataFrame
    promotions: pd.DataFrame
    features: Sequence[FeatureTable]
    requests: pd.DataFrame

    @property
    def champion(self) -> ModelVersion | None:
        """The version with the alias ``champion``."""
        return next((version for version in self.versions if "champion" in version.aliases), None)


def gather(settings: Settings, project: Project) -> Facts:
    """Return the facts; needs neither Spark nor any table to exist."""
    store = Store(settings)
    versions = model_versions(settings, project.model_name)
    judged = judged_rows(store, project, versions)
    promotions = store.read(project.table("promotions"), ("model_name", *_PROMOTIONS))
    promotions = promotions[promotions["model_name"] == project.model_name].sort_values("at")
    return Facts(
        project=project,
        store=store,
        versions=versions,
        judged=judged,
        monthly=figures_of(judged, "month", versions, project),
        weekly=figures_of(judged, "week", versions, project),
        by_version=figures_of(judged, "version", versions, project),
        gain=gained(store, project, judged, versions),
        drift=weekly_drift(store, project, judged.last_scored),
        estimates=weekly_estimates(store, project, judged.last_scored),
        input_drift=input_drift(store, project),
        score_changes=score_changes(store, project),
        alerts=store.read(project.monitor.alerts_table, _ALERTS).sort_values("window.start"),
        incidents=store.read(project.monitor.incidents_table, _INCIDENTS),
        decisions=store.read(project.table("retraining_decisions"), _DECISIONS).sort_values("as_of"),
        promotions=promotions,
        features=_feature_tables(store, project),
        requests=store.read(project.payload_table, _REQUESTS),
    )


def _feature_tables(store: Store, project: Project) -> list[FeatureTable]:
    names = [group.table for group in project.groups]
    names += [table for lookup in project.lookups if (table := getattr(lookup, "table_name", None))]
    found = []
    for name in dict.fromkeys(names):
        table = store.open(name)
        if table is None:
            continue
        about = table.metadata()
        properties = about.configuration
        keys = tuple(json.loads(properties.get("headwater.primaryKeys", "[]")))
        spans = json.loads(properties.get("headwater.materialized", "[]"))
        found.append(
            FeatureTable(
                name=name,
                rows=int(table.count()),
                features=sum(field.name not in keys for field in table.schema().fields),
                keys=keys,
                intervals=tuple((pd.Timestamp(start), pd.Timestamp(end)) for start, end in spans),
                version=int(table.version()),
                description=about.description or "",
            )
        )
    return found
