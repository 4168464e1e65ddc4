"""From alerts to a decision: whether there is a reason to retrain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from headwater.monitoring.alerts.alerts import Alert
from headwater.monitoring.alerts.incidents import Incident

__all__ = ["RetrainingDecision", "decide", "should_retrain"]


@dataclass(frozen=True)
class RetrainingDecision:
    """Whether to retrain, and why, as a sentence for people."""

    retrain: bool
    reason: str


def should_retrain(
    alerts: Iterable[Alert], *, model_id: str | None = None, drifted_columns: int | None = None
) -> RetrainingDecision:
    """Return whether the alerts give a reason to retrain.

    A loss of performance does. Drift alone does not, unless `drifted_columns` says from how many columns on: a model
    retrained on drifted data can be worse, and only the gate after training finds out. Broken data (alerts that concern
    ``data``, with no loss of performance) is to be mended, not learnt. That a violation lasts, so that one odd window does
    not retrain, is in the rules (`n` of the last `m` windows, and the newest one).

    Parameters
    ----------
    alerts
        What :func:`monitoring.evaluate_alerts` returned.
    model_id
        The model in service: alerts of other models are left out, and those of all models together (``'*'``), which after
        a promotion are still about its predecessor. None: all count.
    drifted_columns
        Retrain on drift if at least this many columns have a drift alert; None is never.

    Examples
    --------
    >>> should_retrain([])
    RetrainingDecision(retrain=False, reason='No alert.')
    """
    alerts = list(alerts)
    mine = [a for a in alerts if model_id is None or a.model_id in (None, model_id)]
    if not mine:
        return _no_reason(model_id, others=len(alerts))
    worse = [a for a in mine if a.concerns == "performance"]
    if worse:
        return RetrainingDecision(True, f"Performance fell. {worse[0].message}")
    drifted = sorted({a.column_name for a in mine if a.concerns == "drift"})
    broken = sorted({a.column_name for a in mine if a.concerns == "data"})
    if drifted_columns is not None and len(drifted) >= drifted_columns:
        return RetrainingDecision(
            True, f"{len(drifted)} columns drifted, and {drifted_columns} call for a retraining: {_names(drifted)}."
        )
    facts = [f"drift in {_names(drifted)}"] if drifted else []
    facts += [f"changed data in {_names(broken)} (look at their source)"] if broken else []
    return RetrainingDecision(False, f"There is {' and '.join(facts)}, but no loss of performance.")


def decide(
    incidents: Iterable[Incident], *, model_id: str | None = None, drifted_columns: int | None = None
) -> RetrainingDecision:
    """Return whether the incidents that are open give a reason to retrain, as :func:`should_retrain` does of alerts.

    A change of the base rate alone does not. Silenced incidents give no reason.

    Examples
    --------
    >>> decide([])
    RetrainingDecision(retrain=False, reason='No alert.')
    """
    current = [i for i in incidents if i.state in ("open", "acknowledged")]
    mine = [i for i in current if model_id is None or i.model_id in (None, model_id)]
    if not mine:
        return _no_reason(model_id, others=len(current))
    worse = next((i for i in mine if i.concerns == "performance"), None)
    if worse is not None:
        return RetrainingDecision(True, worse.message)
    drifted = sorted({name for i in mine if i.concerns == "drift" for name in i.columns})
    if drifted_columns is not None and len(drifted) >= drifted_columns:
        return RetrainingDecision(
            True, f"{len(drifted)} columns drifted, and {drifted_columns} call for a retraining: {_names(drifted)}."
        )
    concerns = ", ".join(dict.fromkeys(i.concerns for i in mine))
    return RetrainingDecision(False, f"No loss of performance. What is open concerns: {concerns}.")


def _no_reason(model_id: str | None, others: int) -> RetrainingDecision:
    return RetrainingDecision(False, f"No alert of model {model_id}, which serves." if others else "No alert.")


def _names(columns: list[str], most: int = 5) -> str:
    rest = f" and {len(columns) - most} more" if len(columns) > most else ""
    return ", ".join(columns[:most]) + rest
