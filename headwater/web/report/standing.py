"""Where things stand, at the top of the report: is anything wrong, since when, how sure, and what to do."""

from __future__ import annotations

import pandas as pd

from headwater.web.report.facts import Facts
from headwater.web.report.markup import Html, paragraphs, table
from headwater.web.report.wording import count_of, date

__all__ = ["open_alerts", "standing", "told_alerts"]


def open_alerts(facts: Facts) -> pd.DataFrame:
    """Return the alerts that are open and within the budget, the most important first."""
    told = facts.incidents
    return told[(told["state"] != "closed") & ~told["over_budget"].astype(bool)]


def standing(facts: Facts) -> list[str]:
    """Return the sentences at the top; none without a policy, and before the monitor has looked at a window."""
    if facts.project.alerts is None or (facts.decisions.empty and facts.incidents.empty):
        return []
    told = open_alerts(facts)
    if told.empty:
        past = len(facts.incidents)
        over = f" ({count_of(past, 'alert')} so far, all over or past the budget)" if past else ""
        return [f"Nothing is wrong: no alert is open{over}."]
    first = told.iloc[0]
    more = (
        f" {count_of(len(told) - 1, 'other alert')} {'is' if len(told) == 2 else 'are'} open." if len(told) > 1 else ""
    )
    verb = "Something is wrong" if first["severity"] == "critical" else "Something changed"
    return [
        f"{verb}, since {date(first['since'])}: {first['message']}{more}",
        f"How sure: {_sure(first['concerns'], float(first['pvalue']))} What to do: {first['advice']}",
    ]


def _sure(concerns: str, pvalue: float) -> str:
    if concerns == "missing":
        return "a fact, not an estimate."
    corrected = "below 0.000001" if pvalue < 1e-6 else f"{pvalue:.2g}"
    return f"it is over its limit, and the p-value, corrected for the number of columns, is {corrected}."


def told_alerts(facts: Facts) -> Html:
    """Return the alerts of the project's policy as a table, open ones first; empty without a policy."""
    if facts.project.alerts is None:
        return Html("")
    if facts.incidents.empty:
        return paragraphs(["No alert has been raised."])
    rows = [
        [
            date(one["since"]),
            "—" if pd.isna(one["closed_at"]) else date(one["closed_at"]),
            f"{one['state']}{', over the budget' if one['over_budget'] else ''}",
            one["severity"],
            one["message"],
            one["advice"],
        ]
        for _, one in facts.incidents.iterrows()
    ]
    headers = ["Since", "Closed", "State", "Severity", "Alert", "What to do"]
    return table(
        count_of(len(rows), "alert"), headers, rows, text=["Closed", "State", "Severity", "Alert", "What to do"]
    )
