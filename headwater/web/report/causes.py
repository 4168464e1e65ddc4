"""What moved the scores, and how well all inputs together tell a window from the baseline: sentences and a table."""

from __future__ import annotations

import pandas as pd

from headwater.project import Project
from headwater.web.report.markup import Html, paragraphs, table
from headwater.web.report.tables import Store
from headwater.web.report.wording import date, number, percent

__all__ = ["causes", "input_drift", "score_changes"]

_TOLD = 3
_SHOWN = 8
_FAITHFUL = 0.5
"""Under this R² the inputs do not explain the scores, and nothing is said of them."""


def input_drift(store: Store, project: Project) -> pd.DataFrame:
    """Return how well each window is told from the baseline, by `start`; none without the table."""
    names = ["window.start", "window.end", "roc_auc", "standard_error", "threshold", "alert"]
    found = store.read(project.monitor.input_drift_table, names)
    return found.rename(columns={"window.start": "start", "window.end": "end"}).sort_values("start", ignore_index=True)


def score_changes(store: Store, project: Project) -> pd.DataFrame:
    """Return what moved the mean score, by `start`, `model`, `kind` and column; none without the table."""
    model = str(project.monitor.model_id_col)
    names = [
        model, "window.start", "kind", "column_name", "slice_value", "contribution", "share", "mean_score",
        "baseline_mean_score", "fidelity",
    ]  # fmt: skip
    found = store.read(project.monitor.score_changes_table, names)
    return found.rename(columns={"window.start": "start", model: "model"}).sort_values(
        ["start", "model"], ignore_index=True
    )


def causes(drift: pd.DataFrame, changes: pd.DataFrame, project: Project, last_scored: pd.Timestamp | None) -> Html:
    """Return the sentences and the table on the newest window of which at least half has been scored; empty without one."""
    if last_scored is not None and len(drift):
        drift = drift[drift["start"] + (drift["end"] - drift["start"]) / 2 <= last_scored]
    if drift.empty:
        return Html("")
    last = drift.iloc[-1]
    mine = changes[changes["start"] == last["start"]]
    mine = mine[mine["model"] == mine["model"].iloc[-1]] if len(mine) else mine
    inputs = mine[mine["kind"] == "input"]
    return paragraphs([_apart(last), _moved(mine, project)]) + (_table(inputs, last) if _explains(inputs) else Html(""))


def _apart(last: pd.Series) -> str:
    if last["threshold"] >= 1:
        return (
            "All inputs together tell each of the baseline's own windows from its others, as slow inputs do: they cannot say "
            f"whether the window of {date(last['start'])} drifted (ROC AUC {number(last['roc_auc'])})."
        )
    judged = "more than" if last["alert"] else "not more than"
    return (
        f"All inputs together tell the rows of the window of {date(last['start'])} from the baseline's with a ROC AUC of "
        f"{number(last['roc_auc'])} (0.5: not at all): {judged} the baseline's own windows differ, for which the limit is "
        f"{number(last['threshold'])}."
    )


def _explains(inputs: pd.DataFrame) -> bool:
    return len(inputs) > 0 and float(inputs["fidelity"].iloc[0]) >= _FAITHFUL


def _moved(mine: pd.DataFrame, project: Project) -> str:
    """Say by how much the mean score moved, and which inputs and which slice it came from."""
    inputs, slices = mine[mine["kind"] == "input"], mine[mine["kind"] == "slice"]
    if not _explains(inputs):
        return ""
    first = inputs.iloc[0]
    now, then = first["mean_score"], first["baseline_mean_score"]
    verb = "rose" if now > then else "fell"
    noun = "mean score" if project.problem.has_probabilities else "mean prediction"
    ranked = inputs.reindex(inputs["contribution"].abs().sort_values(ascending=False).index).head(_TOLD)
    named = ", ".join(f"{row.column_name} {row.contribution:+.3f}" for row in ranked.itertuples())
    span = f"from {number(then)} on the holdout of version {first['model']} to {number(now)}"
    said = f"The {noun} {verb} {span}. Most of it came from: {named}."
    if len(slices):
        beyond = slices["contribution"] - slices["share"] * (now - then)
        widest = slices.loc[beyond.abs().idxmax()]
        named = f"{widest['column_name']} = {widest['slice_value']} ({percent(widest['share'], 0)} of the rows)"
        said += f" The slice that moved otherwise than the rest is {named}: {widest['contribution'] / widest['share']:+.3f}."
    return said


def _table(inputs: pd.DataFrame, last: pd.Series) -> Html:
    ranked = inputs.reindex(inputs["contribution"].abs().sort_values(ascending=False).index)
    rows = [[row.column_name, f"{row.contribution:+.4f}"] for row in ranked.head(_SHOWN).itertuples()]
    rest = ranked["contribution"].iloc[_SHOWN:]
    if len(rest):
        rows.append([f"the other {len(rest)}", f"{rest.sum():+.4f}"])
    rows.append(["all inputs", f"{ranked['contribution'].sum():+.4f}"])
    first = ranked.iloc[0]
    note = (
        "Shapley values of the change between the holdout's rows and the window's, through a model of the scores given the "
        f"inputs, which explains {percent(first['fidelity'], 0)} of their spread. The scores themselves moved by "
        f"{first['mean_score'] - first['baseline_mean_score']:+.4f}."
    )
    return table(
        f"What moved the scores in the window of {date(last['start'])}",
        ["Input", "Change of the mean"],
        rows,
        note=note,
    )
