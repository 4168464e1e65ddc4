"""Incidents: what people are told. Findings of one cause are one incident, from its first window until it is over.

Incidents are a function of the findings and of what people did (acknowledge, silence): replayed, they are the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from headwater.monitoring.definitions.policy import AlertPolicy

__all__ = ["Action", "Finding", "Incident", "incidents_of"]

_MONTH: Final = dt.timedelta(days=30)
_TOLD: Final = 4
_TITLES: Final = {
    "drift": "{n} of {cause} changed",
    "data": "{n} of {cause} broke",
    "base rate": "The base rate changed",
    "scores": "The scores of the model changed",
    "performance": "Performance fell",
    "estimated performance": "Performance is estimated to have fallen",
    "missing": "No row came in",
}
_ADVICE: Final = {
    "drift": "Look whether the change is real; if it lasts, train again and let the gate decide.",
    "data": "Look at the source and mend it; do not train on it.",
    "base rate": "Nothing is wrong with the model; look at its threshold and its calibration.",
    "scores": "Look at the features that changed in the same windows.",
    "performance": "Train again, after a look at the data alerts.",
    "estimated performance": "Look at the data alerts; the labels will say whether it fell, and whether to train again.",
    "missing": "Look whether scoring and the refresh ran.",
}
_SEVERITY: Final = {
    "performance": "critical",
    "missing": "critical",
    "estimated performance": "warning",
    "data": "warning",
    "drift": "info",
}


@dataclass(frozen=True)
class Finding:
    """A change in one window, as a row of ``…_findings``; times are naive UTC.

    `excess` is the effect in limits, `importance` the share of the column in the model's (0 to 1). A row of kind
    ``evaluated`` says that the window was looked at. `needs` is in how many of the last windows it must be found.
    """

    start: dt.datetime
    end: dt.datetime
    column_name: str
    kind: str
    concerns: str
    cause: str
    model_id: str | None
    effect: float
    limit: float
    pvalue: float
    excess: float
    importance: float
    needs: int
    words: str


@dataclass(frozen=True)
class Action:
    """What a person did about an incident: ``ack``, or ``silence`` with a time `until`."""

    incident_id: str
    action: str
    until: dt.datetime | None
    who: str
    at: dt.datetime
    note: str = ""


@dataclass(frozen=True)
class Incident:
    """One cause, from when to when: the fields are the columns of ``…_incidents``; times are naive UTC.

    `since` is the start of the first window in which it was found, `opened_at` the end of the window that made it an
    alert, `last_seen` the end of the last window with it, `closed_at` that of the window that closed it. `score` is the sum of
    importance times excess: incidents are ranked by it. `over_budget` ones are left out of lists. `state` is ``open``,
    ``acknowledged``, ``silenced`` or ``closed``.
    """

    incident_id: str
    cause: str
    concerns: str
    severity: str
    state: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    model_id: str | None
    since: dt.datetime
    opened_at: dt.datetime
    last_seen: dt.datetime
    closed_at: dt.datetime | None
    score: float
    pvalue: float
    over_budget: bool
    silenced_until: dt.datetime | None
    acknowledged_by: str | None
    message: str
    advice: str


def incidents_of(
    findings: Iterable[Finding], policy: AlertPolicy, actions: Sequence[Action] = (), as_of: dt.datetime | None = None
) -> list[Incident]:
    """Return the incidents, open ones first, then by score.

    An incident opens when a column's change is found in n of the last m windows, the newest among them; further columns of
    its cause join it. It closes at the `n`-th window in a row without any finding of its cause.

    Parameters
    ----------
    findings
        Of one granularity, with a row of kind ``evaluated`` for each window that was looked at.
    as_of
        When silences are looked at; None: the end of the last window.
    """
    windows: dict[dt.datetime, list[Finding]] = {}
    for finding in findings:
        windows.setdefault(finding.start, []).append(finding)
    starts = sorted(windows)
    open_now: dict[tuple[str, str], list[list[Finding]]] = {}
    quiet: dict[tuple[str, str], int] = {}
    found: list[Incident] = []
    for at, start in enumerate(starts):
        end = windows[start][0].end
        recent = [windows[one] for one in starts[max(0, at - policy.m + 1) : at + 1]]
        alarms = _alarms(recent)
        seen = {(f.cause, f.concerns) for f in windows[start] if f.kind != "evaluated"}
        for key in list(open_now):
            quiet[key] = 0 if key in seen else quiet.get(key, 0) + 1
            if quiet[key] >= policy.n:
                found.append(_incident(key, open_now.pop(key), closed_at=end))
        for key, raised in alarms.items():
            if key in open_now:
                open_now[key].append(raised)
            else:
                quiet[key] = 0
                first = min(f.start for window in recent for f in window if (f.cause, f.concerns) == key)
                open_now[key] = [[replace(raised[0], start=first), *raised[1:]]]
    found += [_incident(key, raised, closed_at=None) for key, raised in open_now.items()]
    last = max((f.end for window in windows.values() for f in window), default=None)
    told = _acted(_within_budget(found, policy), actions, as_of or last) if last else []
    return sorted(told, key=lambda one: (one.state == "closed", _rank(one), one.opened_at))


def _rank(incident: Incident) -> tuple[int, float]:
    return {"critical": 0, "warning": 1, "info": 2}[incident.severity], -incident.score


def _alarms(recent: Sequence[Sequence[Finding]]) -> dict[tuple[str, str], list[Finding]]:
    """Return by cause and concern the newest window's findings of columns and kinds that are found often enough."""
    often: dict[tuple[str, str, str | None], int] = {}
    for window in recent:
        for name in {(f.column_name, f.kind, f.model_id) for f in window}:
            often[name] = often.get(name, 0) + 1
    raised: dict[tuple[str, str], list[Finding]] = {}
    for f in recent[-1]:
        if f.kind != "evaluated" and often[f.column_name, f.kind, f.model_id] >= f.needs:
            raised.setdefault((f.cause, f.concerns), []).append(f)
    return raised


def _incident(key: tuple[str, str], raised: Sequence[Sequence[Finding]], closed_at: dt.datetime | None) -> Incident:
    cause, concerns = key
    worst: dict[tuple[str, str], Finding] = {}
    for f in (finding for window in raised for finding in window):
        former = worst.get((f.column_name, f.kind))
        worst[f.column_name, f.kind] = f if former is None or f.excess > former.excess else former
    ranked = sorted(worst.values(), key=lambda f: (-f.importance * f.excess, -f.excess, f.column_name))
    columns = tuple(dict.fromkeys(f.column_name for f in ranked))
    since = min(f.start for f in raised[0])
    number = hashlib.sha256(f"{cause}\n{concerns}\n{since:%Y-%m-%dT%H:%M:%S}".encode()).hexdigest()[:8]
    return Incident(
        incident_id=number, cause=cause, concerns=concerns, severity=_SEVERITY.get(concerns, "info"),
        state="closed" if closed_at else "open", columns=columns, kinds=tuple(dict.fromkeys(f.kind for f in ranked)),
        model_id=ranked[0].model_id, since=since, opened_at=raised[0][0].end, last_seen=raised[-1][0].end,
        closed_at=closed_at, score=sum(f.importance * f.excess for f in ranked), pvalue=min(f.pvalue for f in ranked),
        over_budget=False, silenced_until=None, acknowledged_by=None,
        message=_sentence(cause, concerns, columns, ranked, since), advice=_ADVICE[concerns],
    )  # fmt: skip


def _sentence(cause: str, concerns: str, columns: Sequence[str], ranked: Sequence[Finding], since: dt.datetime) -> str:
    count = f"{len(columns)} column{'' if len(columns) == 1 else 's'}"
    title = _TITLES[concerns].format(n=count, cause=cause)
    facts: dict[str, str] = {}
    for f in sorted(ranked, key=lambda f: f.kind == "tails"):  # values say more of a column than its tails
        facts.setdefault(f.column_name, f.words)
    facts = {name: facts[name] for name in columns}
    told = [f"{'' if name == ':table' else f'{name}: '}{words}" for name, words in list(facts.items())[:_TOLD]]
    rest = f"; and {len(facts) - _TOLD} more" if len(facts) > _TOLD else ""
    return f"{title} in the window from {since:%Y-%m-%d} on. {'; '.join(told)}{rest}."


def _within_budget(found: Sequence[Incident], policy: AlertPolicy) -> list[Incident]:
    """Return the incidents, marked where the 30 days up to them had their budget already; loss of performance never is."""
    kept: list[Incident] = []
    for incident in sorted(found, key=lambda one: (one.opened_at, _rank(one))):
        month = [k for k in kept if not k.over_budget and incident.opened_at - k.opened_at < _MONTH]
        over = len(month) >= policy.monthly_budget and incident.severity != "critical"
        kept.append(replace(incident, over_budget=over))
    return kept


def _acted(found: Sequence[Incident], actions: Sequence[Action], as_of: dt.datetime) -> list[Incident]:
    """Return the incidents with what people did; a silence holds for later incidents of its cause and concern, too."""
    by_id = {one.incident_id: one for one in found}
    told = []
    for incident in found:
        silenced, acknowledged = None, None
        for action in sorted(actions, key=lambda one: one.at):
            of = by_id.get(action.incident_id)
            if of is None or (of.cause, of.concerns) != (incident.cause, incident.concerns):
                continue
            if action.action == "silence":
                silenced = action.until
            elif of.incident_id == incident.incident_id:
                acknowledged = action.who
        state = incident.state
        if state == "open" and silenced is not None and as_of < silenced:
            state = "silenced"
        elif state == "open" and acknowledged is not None:
            state = "acknowledged"
        told.append(replace(incident, state=state, silenced_until=silenced, acknowledged_by=acknowledged))
    return told
