"""Where and when columns drifted, from the monitor's tables."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from headwater.monitoring.definitions.windows import GRANULARITIES
from headwater.project import Project
from headwater.web.report.tables import Store

if TYPE_CHECKING:
    from pyarrow.dataset import Expression

__all__ = ["SIGNIFICANT", "granularity_of", "has_learnt_limits", "most_drifted", "quantile_bands", "weekly_drift"]

# From here on a population stability index is called significant.
SIGNIFICANT = 0.2
_CONSTANT = {"PSI": SIGNIFICANT, "JS": 0.1}
_BANDS = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


def granularity_of(project: Project) -> str:
    """Return the monitor's windows that the report shows: weeks, or the last ones that are configured."""
    return "1 week" if "1 week" in project.granularities else project.granularities[-1]


def weekly_drift(store: Store, project: Project, last_scored: pd.Timestamp | None) -> pd.DataFrame:
    """Return the distance from the baseline per column and window, all models together, no slices.

    Columns: `column_name`, `start`, `value`, `metric`: ``PSI`` (population stability index) of numbers, ``JS``
    (Jensen-Shannon distance) of categories; `excess`, how many limits the column's change is, from 1 on over it, and `why` in
    words. The limits are the learnt ones of the project's policy, by which a change within its limit counts as 0 and a window
    that was not looked at is NaN; without a policy 0.2 of the index and 0.1 of the distance. A last window that is not half over
    is left out.
    """
    from pyarrow.dataset import field

    where = _windows(project) & (field("drift_type") == "BASELINE") & (field("column_name") != ":table")
    columns = ["column_name", "window.start", "window.end", "population_stability_index", "js_distance"]
    found = store.read(project.monitor.drift_table, columns, where)
    psi, js = found["population_stability_index"], found["js_distance"]
    rows = pd.DataFrame(
        {
            "column_name": found["column_name"],
            "start": pd.to_datetime(found["window.start"]),
            "value": pd.to_numeric(psi.fillna(js)),
            "metric": psi.notna().map({True: "PSI", False: "JS"}),
        }
    )
    if last_scored is not None and len(rows):
        middle = rows["start"] + (pd.to_datetime(found["window.end"]) - rows["start"]) / 2
        rows = rows[middle <= last_scored]
    rows = rows.dropna(subset=["value"])
    return _with_excess(rows, store, project).sort_values(["start", "column_name"], ignore_index=True)


def has_learnt_limits(project: Project) -> bool:
    """Say whether a policy has learnt limits of the windows that the report shows."""
    if project.alerts is None:
        return False
    longest = max(project.granularities, key=list(GRANULARITIES).index)
    return (project.alerts.granularity or longest) == granularity_of(project)


def _with_excess(rows: pd.DataFrame, store: Store, project: Project) -> pd.DataFrame:
    if not has_learnt_limits(project):
        limit = rows["metric"].map(_CONSTANT)
        why = [f"limit {of:g}" for of in limit]
        return rows.assign(excess=rows["value"] / limit.astype(float), why=why)
    from pyarrow.dataset import field

    names = ["column_name", "window.start", "kind", "effect", "limit", "excess", "words"]
    found = store.read(project.monitor.findings_table, names, field("granularity") == granularity_of(project))
    found = found.rename(columns={"window.start": "start"}).astype({"start": "datetime64[ns]"})
    looked_at = set(found.loc[found["kind"] == "evaluated", "start"])
    over = found[found["kind"] != "evaluated"].sort_values("excess")
    worst: dict[tuple[str, pd.Timestamp], dict[Hashable, Any]]
    worst = {(one["column_name"], one["start"]): one for one in over.to_dict("records")}
    excess, why = [], []
    for column, start in zip(rows["column_name"], rows["start"], strict=True):
        one = worst.get((column, start))
        if one is not None:
            excess.append(float(one["excess"]))
            why.append(f"{one['kind']} {one['effect']:.2g}, limit {one['limit']:.2g}: {one['words']}")
        else:
            excess.append(0.0 if start in looked_at else math.nan)
            why.append("within its limit" if start in looked_at else "not looked at")
    return rows.assign(excess=excess, why=why)


def most_drifted(drift: pd.DataFrame, project: Project, most: int = 4) -> list[str]:
    """Return the numeric features with the greatest index, each from another feature group.

    The features of one group tell much the same; so the worst of each group is taken. Features of no group form one.
    """
    group_of = {str(feature.name): group.table for group in project.groups for feature in group.features}
    kind = project.monitor.inference
    outputs = {kind.prediction_col, kind.prediction_proba_col, kind.label_col} if kind else set()
    numeric = drift[(drift["metric"] == "PSI") & ~drift["column_name"].isin(list(outputs))]
    worst = numeric.groupby("column_name")["value"].max().sort_values(ascending=False)
    found: dict[str, str] = {}
    for column, value in worst.items():
        if value >= SIGNIFICANT / 2:
            found.setdefault(group_of.get(str(column), ""), str(column))
    return list(found.values())[:most]


def quantile_bands(
    store: Store, project: Project, columns: Sequence[str], last_scored: pd.Timestamp | None
) -> pd.DataFrame:
    """Return `p10`, `p50` and `p90` per column and window; `start` is NaT for the baseline.

    They are read off the profile's quantiles: of *n* the one at position ``int(p * (n + 1))``, counted from 1.
    """
    from pyarrow.dataset import field

    wanted = field("column_name").isin(list(columns))
    baseline = (field("log_type") == "BASELINE") & field("slice_key").is_null()
    baseline &= field(str(project.monitor.model_id_col)) == "*"
    where = wanted & (_windows(project) | baseline)
    found = store.read(project.monitor.profile_table, ["column_name", "window.start", "window.end", "quantiles"], where)
    found = found[found["quantiles"].map(lambda values: values is not None and len(values) > 0).astype(bool)]
    rows = pd.DataFrame({"column_name": found["column_name"], "start": pd.to_datetime(found["window.start"])})
    for name, share in _BANDS.items():
        rows[name] = [float(values[max(int(share * (len(values) + 1)), 1) - 1]) for values in found["quantiles"]]
    if last_scored is not None and len(rows):
        middle = rows["start"] + (pd.to_datetime(found["window.end"]) - rows["start"]) / 2
        rows = rows[rows["start"].isna() | (middle <= last_scored)]
    return rows.sort_values("start", ignore_index=True)


def _windows(project: Project) -> Expression:
    from pyarrow.dataset import field

    every = field(str(project.monitor.model_id_col)) == "*"
    return (field("granularity") == granularity_of(project)) & field("slice_key").is_null() & every
