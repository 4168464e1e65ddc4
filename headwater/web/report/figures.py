"""How good the model was, month by month and week by week, beside the baselines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from headwater.lakehouse import Settings
from headwater.project import Project
from headwater.web.report.judged import HOLDOUT, LIVE, Judged, judged_rows
from headwater.web.report.models import ModelVersion, model_versions
from headwater.web.report.tables import Store
from headwater.web.report.wording import summary_of

__all__ = ["figures_of", "monthly_figures", "weekly_figures"]


def monthly_figures(settings: Settings, project: Project) -> pd.DataFrame:
    """Return one row per month and predictor, over the rows whose outcome is known.

    Columns: `month` (``2013-09``, of the prediction's time in UTC), `predictor` (``model`` and the baselines' names), `part`
    (``holdout``: what the first version was judged on; ``live``), `rows`, the summary of the labels (`rate`, observed share of
    label 1; `mean`, of a number), the problem's metrics by their names (`roc_auc`, `log_loss` in nats,
    `expected_calibration_error` from 0 to 1), and `predicted` (the mean probability, or number; NaN of several classes).
    ``model`` is whichever version served at the time.

    If the holdout's rows are gone, its month is what the first version's run logged. No rows: an empty frame.
    """
    versions = model_versions(settings, project.model_name)
    return figures_of(judged_rows(Store(settings), project, versions), "month", versions, project)


def weekly_figures(settings: Settings, project: Project) -> pd.DataFrame:
    """Return the same by week: `week` is its Monday, 00:00 UTC."""
    versions = model_versions(settings, project.model_name)
    return figures_of(judged_rows(Store(settings), project, versions), "week", versions, project)


def figures_of(judged: Judged, period: str, versions: Sequence[ModelVersion], project: Project) -> pd.DataFrame:
    """Return the figures of rows already read; `period` is ``"month"``, ``"week"`` or ``"version"`` (of live rows only)."""
    problem, summary = project.problem, summary_of(project.problem)
    if period == "month":
        periods = judged.time.dt.strftime("%Y-%m")
    elif period == "version":
        periods = judged.version.where(judged.part == LIVE)
    else:
        periods = judged.time.dt.normalize() - pd.to_timedelta(judged.time.dt.dayofweek, unit="D")
    found: list[dict[str, object]] = []
    groups = pd.Series(np.arange(len(periods))).groupby(periods.to_numpy()).indices
    for value, positions in sorted(groups.items(), key=lambda group: _order(group[0])):
        part = judged.part.iloc[positions[0]]
        for predictor, answers in judged.answers.items():
            label, given = judged.label[positions], answers[positions]
            figures = {**problem.summary(label), **problem.metrics(label, given)}
            predicted = float(given.mean()) if given.ndim == 1 else float("nan")
            found.append(
                {period: value, "predictor": predictor, "part": part}
                | {name: figures.get(name, float("nan")) for name in (summary, *problem.titles)}
                | {"rows": len(positions), "predicted": predicted}
            )
    if period == "month" and versions and not (judged.part == HOLDOUT).any():
        found = [*_logged(versions[0], project), *found]
    return pd.DataFrame(found, columns=[period, "predictor", "part", "rows", summary, *problem.titles, "predicted"])


def _order(value: object) -> tuple[int, object]:
    """Return what puts version 10 after version 9, and times and months in their own order."""
    return (int(value), "") if isinstance(value, str) and value.isdigit() else (0, value)


def _logged(version: ModelVersion, project: Project) -> list[dict[str, object]]:
    """Return the holdout's figures as the version's run logged them; none if it logged no holdout."""
    if version.holdout_start is None or version.holdout_end is None:
        return []
    first, last = version.holdout_start, version.holdout_end - pd.Timedelta(1, unit="us")
    months = list(dict.fromkeys(time.strftime("%Y-%m") for time in (first, last)))
    found: list[dict[str, object]] = []
    for name in ("model", *(baseline.name for baseline in project.baselines)):
        prefix = "" if name == "model" else f"{name}."
        if f"{prefix}{project.problem.loss}" in version.metrics:
            figures = {
                metric: version.metrics.get(f"{prefix}{metric}", float("nan"))
                for metric in (summary_of(project.problem), *project.problem.titles)
            }
            rows = int(version.metrics.get(f"{prefix}rows", 0))
            found.append(
                {"month": " to ".join(months), "predictor": name, "part": HOLDOUT, **figures}
                | {"rows": rows, "predicted": float("nan")}
            )
    return found
