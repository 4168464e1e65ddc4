"""Incidents are a function of findings and actions: n of m, one per cause, a budget, silences; closed by themselves."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from headwater.monitoring import Action, AlertPolicy, Finding, decide, incidents_of

MONDAY, WEEK = dt.datetime(2013, 10, 7), dt.timedelta(days=7)
POLICY = AlertPolicy()


def looked(week: int) -> Finding:
    start = MONDAY + week * WEEK
    return Finding(start, start + WEEK, ":table", "evaluated", "", "", None, 0, 0, 1, 0, 0, 1, "")


def finding(week: int, column="temp", cause="main.air.weather", **changes) -> Finding:
    start = MONDAY + week * WEEK
    one = Finding(
        start, start + WEEK, column, "values", "drift", cause, None, 0.4, 0.2, 1e-9, 2.0, 0.1, 2, f"{column} moved"
    )
    return replace(one, **changes)


def weeks(*findings: Finding, last: int = 8) -> list[Finding]:
    return [*findings, *(looked(week) for week in range(last + 1))]


def test_two_of_three_weeks_open_an_incident_and_one_does_not():
    assert not incidents_of(weeks(finding(1)), POLICY)
    (one,) = incidents_of(weeks(finding(1), finding(3)), POLICY)
    assert (one.since, one.opened_at) == (MONDAY + WEEK, MONDAY + 4 * WEEK)


def test_thirty_features_of_one_source_are_one_sentence_and_the_most_important_is_told_first():
    late = [
        finding(w, f"f{at}", "main.air.landings", importance=0.5 if at == 7 else 0.01)
        for w in (1, 2)
        for at in range(30)
    ]
    (one,) = incidents_of(weeks(*late), POLICY)
    assert one.message.startswith(
        "30 columns of main.air.landings changed in the window from 2013-10-14 on. f7: f7 moved"
    )
    assert one.message.endswith("and 26 more.")
    assert len(one.columns) == 30


def test_an_incident_closes_by_itself_after_two_quiet_weeks_and_a_new_one_has_an_id_of_its_own():
    first, second = finding(0), finding(1)
    found = incidents_of(weeks(first, second, finding(6), finding(7)), POLICY)
    assert [one.state for one in found] == ["open", "closed"]
    assert found[1].closed_at == MONDAY + 4 * WEEK
    assert found[0].incident_id != found[1].incident_id


def test_past_the_monthly_budget_incidents_are_kept_and_not_sent_but_a_loss_of_performance_is():
    many = [finding(w, f"f{at}", f"source {at}") for w in (1, 2) for at in range(6)]
    lost = [finding(w, ":table", "model 1", kind="performance", concerns="performance", model_id="1") for w in (1, 2)]
    found = incidents_of(weeks(*many, *lost), AlertPolicy(monthly_budget=2))
    assert sum(not one.over_budget for one in found) == 2
    assert not next(one for one in found if one.concerns == "performance").over_budget


def test_a_silence_holds_until_its_date_for_the_cause_and_an_acknowledgement_for_the_incident():
    told = weeks(finding(1), finding(2), last=2)
    (one,) = incidents_of(told, POLICY)
    silence = Action(one.incident_id, "silence", MONDAY + 6 * WEEK, "ann", MONDAY + 3 * WEEK)
    assert [i.state for i in incidents_of(told, POLICY, [silence])] == ["silenced"]
    assert [i.state for i in incidents_of(told, POLICY, [silence], MONDAY + 6 * WEEK)] == ["open"]
    acknowledged = Action(one.incident_id, "ack", None, "ben", MONDAY + 3 * WEEK)
    (known,) = incidents_of(told, POLICY, [acknowledged])
    assert (known.state, known.acknowledged_by) == ("acknowledged", "ben")


def test_only_a_loss_of_performance_of_the_model_in_service_asks_for_a_retraining():
    base = [finding(w, "late", "the outcome", concerns="base rate") for w in (1, 2)]
    lost = [finding(w, ":table", "model 1", kind="performance", concerns="performance", model_id="1") for w in (1, 2)]
    assert not decide(incidents_of(weeks(*base, last=2), POLICY)).retrain
    both = incidents_of(weeks(*base, *lost, last=2), POLICY)
    assert decide(both, model_id="1").retrain
    assert not decide(both, model_id="2").retrain
