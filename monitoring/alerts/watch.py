"""Looks at the newest complete windows, and keeps findings and incidents up to date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from headwater import lakehouse
from headwater.lakehouse.threads import side_by_side
from headwater.monitoring.alerts.estimated import estimated_falls, still_estimated
from headwater.monitoring.alerts.incidents import Finding, Incident, incidents_of
from headwater.monitoring.alerts.past import Found, changes_of
from headwater.monitoring.alerts.skill import SKILLS, Skill, skill_fell
from headwater.monitoring.alerts.stored import learnt_past, read_findings, read_states, write_findings, write_incidents
from headwater.monitoring.definitions.windows import longest, micros_of, time_of, window_index, window_start
from headwater.monitoring.estimation.stored import read_estimates

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.monitoring.definitions.monitor import Monitor
    from headwater.monitoring.definitions.policy import AlertPolicy

__all__ = ["watch"]


@lakehouse.faults_named()
def watch(
    spark: SparkSession,
    monitor: Monitor,
    policy: AlertPolicy,
    as_of: dt.datetime,
    *,
    cause_of: Callable[[str], str] = str,
    importance: Mapping[str, float] | None = None,
) -> list[Incident]:
    """Return all incidents as of a time, after a look at the last m complete windows; the tables are written.

    Call it after :func:`monitoring.refresh`, and after :func:`monitoring.estimate_performance` to be told of a fall before its
    labels are there. Findings of these windows replace former ones, so that late rows and labels count,
    and an incident that they make void disappears. Run again, it gives the same.

    Parameters
    ----------
    as_of
        The last window ends at or before it; naive UTC or aware.
    cause_of
        The cause of a column's change, such as its source table: incidents are made by it. Default: each column is one.
    importance
        The share of each column in the model's importance, 0 to 1; default: all alike.

    Returns
    -------
    list[Incident]
        Open ones first, the most important first.
    """
    granularity = policy.granularity or longest(monitor.granularities)
    newest = int(window_index(np.array([micros_of(as_of)]), granularity)[0]) - 1
    indices = range(newest - policy.m + 1, newest + 1)
    reads: list[Callable[[], Any]] = [
        partial(read_states, spark, monitor, granularity, indices),
        partial(learnt_past, spark, monitor, policy, granularity, cause_of),
        partial(_qualities, spark, monitor, granularity, min(indices)),
        partial(read_estimates, spark, monitor, granularity),
        partial(read_findings, spark, monitor, granularity),
    ]
    states, (past, limits, margin), qualities, estimates, (former, actions) = side_by_side(spark, *reads)
    weights = importance or {}
    findings: list[Finding] = []
    for index in indices:
        start, end = time_of(window_start(index, granularity)), time_of(window_start(index + 1, granularity))
        of = states.get(index)
        if of is None:
            if index - 1 in states:
                findings += _missing(start, end, granularity)
            continue
        changes = changes_of(of, past, limits, policy, margin)
        # A label that is not there yet is late, and a training row has no score: neither is a change.
        changes = [one for one in changes if one.kind != "nulls" or _role(monitor, one.column) is None]
        findings.append(Finding(start, end, ":table", "evaluated", "", "", None, 0.0, 0.0, 1.0, 0.0, 0.0, 1, ""))
        share = 1 / max(len(past.columns), 1)
        findings += [
            _finding(start, end, one, monitor, policy, cause_of, weights.get(one.column, share)) for one in changes
        ]
        changed = [one.column for one in changes if _role(monitor, one.column) is None]
        findings += _performance(start, end, policy, qualities, changed)
        findings += estimated_falls(start, end, policy, estimates)
    first = time_of(window_start(indices[0], granularity))
    last = time_of(window_start(indices[-1] + 1, granularity))
    again = [f for f in former if first <= f.start < last]
    findings += _not_judged_again(again, qualities)
    known = still_estimated([f for f in former if not first <= f.start < last], estimates) + findings
    incidents = incidents_of([f for f in known if f.end <= time_of(micros_of(as_of))], policy, actions)
    side_by_side(
        spark,
        partial(write_findings, spark, monitor, granularity, indices, findings),
        partial(write_incidents, spark, monitor, incidents),
    )
    return incidents


def _role(monitor: Monitor, column: str) -> str | None:
    """Return as what a column counts that is no input: the outcome or the scores."""
    log = monitor.inference
    if log is None:
        return None
    if column == log.label_col:
        return "base rate"
    return "scores" if column in (log.prediction_col, log.prediction_proba_col) else None


def _finding(
    start: dt.datetime, end: dt.datetime, found: Found, monitor: Monitor, policy: AlertPolicy,
    cause_of: Callable[[str], str], importance: float,
) -> Finding:  # fmt: skip
    role = _role(monitor, found.column)
    # A missing label is late, not broken; a score is of the model and of nobody else.
    cause = {"base rate": "the outcome", "scores": "the model's scores"}.get(role or "", "") or cause_of(found.column)
    return Finding(
        start, end, found.column, found.kind, role or found.concerns, cause, None, found.change.effect, found.limit,
        found.change.pvalue, found.excess, importance, policy.n, found.change.words,
    )  # fmt: skip


def _missing(start: dt.datetime, end: dt.datetime, granularity: str) -> list[Finding]:
    words = f"The {granularity.removeprefix('1 ')} has no row, the one before it has"
    none = Finding(start, end, ":table", "evaluated", "", "", None, 0.0, 0.0, 1.0, 0.0, 0.0, 1, "")
    return [
        none,
        Finding(start, end, ":table", "missing", "missing", "scoring", None, 1.0, 1.0, 0.0, 1.0, 1.0, 1, words),
    ]


def _qualities(
    spark: SparkSession, monitor: Monitor, granularity: str, first: int
) -> dict[tuple[dt.datetime | None, str], Skill]:
    """Return the skill by window (None: the baseline, which is the champion's holdout) and model."""
    log = monitor.inference
    if log is None or log.label_col is None:
        return {}
    begin = lakehouse.sql_time(time_of(window_start(first, granularity)))
    labels = lakehouse.literal(log.label_col)
    rows = lakehouse.read_table(spark, monitor.profile_table).where(
        f"slice_key IS NULL AND column_name IN (':table', {labels}) AND (log_type = 'BASELINE' OR "
        f"(granularity = '{granularity}' AND window.start >= TIMESTAMP '{begin}'))"
    )
    found = rows.selectExpr(
        "unix_micros(window.start) AS start", f"{lakehouse.quoted(log.model_id_col)} AS model", "column_name", "count",
        "confusion_matrix", "roc_auc_score.one_vs_one.macro AS roc_auc", "r2_score",
    ).collect()  # fmt: skip
    labelled = {(r["start"], r["model"]): r["count"] for r in found if r["column_name"] == log.label_col}
    skills: dict[tuple[dt.datetime | None, str], Skill] = {}
    for row in found:
        if row["column_name"] == ":table":
            facts: dict[str, Any] = row.asDict() | {"rows": labelled.get((row["start"], row["model"]), 0)}
            skill = SKILLS[log.problem_type](facts)
            if skill is not None:
                skills[None if row["start"] is None else time_of(row["start"]), row["model"]] = skill
    return skills


def _judged(skills: Mapping[tuple[dt.datetime | None, str], Skill]) -> dict[str, Skill]:
    """Return the skill on the holdout by model: those that the baseline names, or ``*``."""
    return {model: skill for (at, model), skill in skills.items() if at is None}


def _not_judged_again(findings: list[Finding], skills: Mapping[tuple[dt.datetime | None, str], Skill]) -> list[Finding]:
    """Return former findings on models whose holdout a newer one's has replaced: they cannot be judged again, and stay."""
    judged = _judged(skills)
    return [f for f in findings if f.kind == "performance" and f.model_id not in judged and set(judged) != {"*"}]


def _performance(
    start: dt.datetime, end: dt.datetime, policy: AlertPolicy,
    skills: Mapping[tuple[dt.datetime | None, str], Skill], changed: list[str],
) -> list[Finding]:  # fmt: skip
    found = []
    judged = _judged(skills)
    for (at, model), now in skills.items():
        # A baseline that names no model is every model's; one that does says nothing of the others.
        then = judged.get("*") if set(judged) == {"*"} else judged.get(model)
        if at != start or model == "*" or then is None:
            continue
        fall, pvalue = skill_fell(now, then)
        limit = policy.limit("performance")
        if fall > limit and pvalue <= policy.max_pvalue:
            named = ", ".join(list(dict.fromkeys(changed))[:3])
            why = f"these inputs changed too: {named}" if named else "no input changed: look at what the model is given"
            words = (
                f"Model {model}: {now.words}, on its holdout it was {then.words.rpartition(' ')[2]} "
                f"(skill {fall:.3f} lower, standard error {np.hypot(now.error, then.error):.3f}); {why}"
            )
            found.append(
                Finding(
                    start, end, ":table", "performance", "performance", f"model {model}", model, fall, limit, pvalue,
                    fall / limit, 1.0, policy.n, words,
                )
            )  # fmt: skip
    return found
