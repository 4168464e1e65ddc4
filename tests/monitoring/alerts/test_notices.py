"""Notices: once when an incident opens and once when it is over, whatever is killed, silenced, or down."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from headwater import lakehouse
from headwater.monitoring import Action, AlertPolicy, Email, Webhook, incidents_of, send_notices
from headwater.monitoring.alerts import notices
from headwater.monitoring.alerts.notices import Sent, due_notices
from tests.monitoring.alerts.channels.receivers import http_receiver, smtp_receiver
from tests.monitoring.alerts.test_incidents import MONDAY, WEEK, finding, weeks
from tests.monitoring.conftest import monitor_of

POLICY = AlertPolicy()
TABLE = "main.air.inference"


def at(week: int) -> dt.datetime:
    """Give the end of a week."""
    return MONDAY + (week + 1) * WEEK


def found(last: int, *more, policy=POLICY, actions=()):
    """Give the incidents as of the end of a week: one of week 1 to 3, and those of more findings."""
    findings = [*(finding(week) for week in (1, 2, 3)), *more]
    known = [one for one in weeks(*findings, last=last) if one.end <= at(last)]
    return incidents_of(known, policy, actions, at(last))


def keys(incidents, sent, last):
    return [(one.incident_id, one.state) for one in due_notices(incidents, sent, at(last), TABLE)]


def after(incidents, last, sent=()):
    """Give what a channel has been sent once all that is due has been."""
    due = due_notices(incidents, sent, at(last), TABLE)
    return [*sent, *(Sent(n.incident_id, n.state, "x", n.opened_at, n.severity, n.message) for n in due)]


def test_an_incident_is_told_once_when_it_opens_and_once_when_it_is_over():
    told = []
    sent = []
    for week in range(9):
        told += [(week, state) for _, state in keys(found(week), sent, week)]
        sent = after(found(week), week, sent)
    assert told == [(2, "opened"), (5, "closed")]


def test_what_opened_and_closed_before_there_was_a_channel_is_not_told():
    assert keys(found(8), [], 8) == []


def test_silenced_acknowledged_and_over_budget_incidents_are_not_told():
    (one,) = found(2)
    silence = Action(one.incident_id, "silence", at(6), "ann", at(2))
    assert keys(found(2, actions=[silence]), [], 2) == []
    assert keys(found(2, actions=[Action(one.incident_id, "ack", None, "ben", at(2))]), [], 2) == []
    sent = after(found(2), 2)
    assert keys(found(5, actions=[silence]), sent, 5) == []  # it is over, and the silence still holds
    assert keys(found(7, actions=[silence]), sent, 7) == [(one.incident_id, "closed")]
    many = [finding(week, f"f{n}", f"source {n}") for week in (1, 2) for n in range(6)]
    told = found(2, *many, policy=AlertPolicy(monthly_budget=2))
    assert len(told) == 7
    assert len(keys(told, [], 2)) == 2


def test_an_incident_that_late_rows_made_void_is_withdrawn_but_not_when_an_older_time_is_looked_at():
    sent = after(found(2), 2)
    (notice,) = due_notices([], sent, at(2), TABLE)
    assert notice.state == "withdrawn"
    assert "came late" in notice.message
    assert "temp moved" in notice.message
    assert due_notices([], after([], 2, sent), at(2), TABLE) == []
    assert due_notices(found(1), sent, at(1), TABLE) == []


def test_the_notice_says_what_the_incident_says():
    (opened,) = due_notices(found(2), [], at(2), TABLE)
    (incident,) = found(2)
    assert (opened.message, opened.advice, opened.columns) == (incident.message, incident.advice, ("temp",))
    (closed,) = due_notices(found(5), after(found(2), 2), at(5), TABLE)
    assert closed.message.startswith(
        "Not found any more since 2013-11-18 00:00 UTC. It was: 1 column of main.air.weather"
    )


def noted(spark, monitor):
    rows = spark.table(monitor.notices_table).collect()
    return sorted((row["channel"].split()[0], row["state"]) for row in rows)


@pytest.fixture
def receivers():
    with http_receiver() as http, smtp_receiver() as smtp:
        yield http, smtp


@pytest.fixture
def channels(receivers):
    http, smtp = receivers
    mail = Email(
        to=["ann@example.com"], sender="m@example.com", host="127.0.0.1", port=smtp.port, security="none", timeout_s=5
    )
    return Webhook(f"http://127.0.0.1:{http.port}/hooks/s3cr3t", timeout_s=5), mail


def test_each_channel_gets_each_notice_once_however_often_the_job_runs(spark, schema, receivers, channels):
    monitor, policy = monitor_of(schema), AlertPolicy(channels=channels)
    for week in (1, 2, 2, 3, 5, 5, 8):
        delivery = send_notices(spark, monitor, policy, found(week), at(week))
        assert delivery.failures == ()
    (incident,) = found(2)
    for receiver in receivers:
        assert receiver.keys == [f"{incident.incident_id}-opened", f"{incident.incident_id}-closed"]
    assert noted(spark, monitor) == [
        ("email", "closed"), ("email", "opened"), ("webhook", "closed"), ("webhook", "opened"),
    ]  # fmt: skip
    kept = repr(spark.table(monitor.notices_table).collect())
    assert "s3cr3t" not in kept


def test_a_receiver_that_is_down_fails_nothing_and_is_tried_again(spark, schema, receivers, channels):
    monitor, policy = monitor_of(schema), AlertPolicy(channels=channels)
    http, smtp = receivers
    http.refuses = True
    other = [finding(week, "wind", "main.air.wind") for week in (1, 2)]
    delivery = send_notices(spark, monitor, policy, found(2, *other), at(2))
    assert delivery.sent == 2
    assert len(delivery.failures) == 1  # the rest of its notices waits
    said = str(delivery)
    assert said.startswith("2 notices were sent. The notice ")
    assert "HTTP status 503" in said
    assert "next run" in said
    assert (len(http.keys), len(smtp.keys)) == (0, 2)
    http.refuses = False
    delivery = send_notices(spark, monitor, policy, found(2, *other), at(2))
    assert (delivery.sent, delivery.failures) == (2, ())
    assert (len(set(http.keys)), len(http.keys), len(smtp.keys)) == (2, 2, 2)


def test_a_job_that_is_killed_between_two_notices_sends_the_noted_ones_not_again(
    spark, schema, receivers, channels, monkeypatch
):
    monitor, policy = monitor_of(schema), AlertPolicy(channels=channels[:1])
    others = [finding(week, f"f{n}", f"source {n}") for week in (1, 2) for n in range(2)]
    note, calls = notices._note, []

    def killed(*given):
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        note(*given)

    with monkeypatch.context() as patch:
        patch.setattr(notices, "_note", killed)
        with pytest.raises(KeyboardInterrupt):
            send_notices(spark, monitor, policy, found(2, *others), at(2))
    assert send_notices(spark, monitor, policy, found(2, *others), at(2)).sent == 2
    sent = receivers[0].keys
    assert len(set(sent)) == 3
    assert sent[1:] == [sent[1], sent[1], sent[3]]  # sent and not noted: sent again, with the key it had


def test_a_channel_of_ones_own_that_breaks_is_named_without_its_words(spark, schema):
    class Broken:
        kind = name = "pager"

        def send(self, notice):
            raise RuntimeError(f"token hunter2 for {notice.key}")

    delivery = send_notices(spark, monitor_of(schema), AlertPolicy(channels=[Broken()]), found(2), at(2))
    assert "pager" in str(delivery)
    assert "RuntimeError" in str(delivery)
    assert "hunter2" not in str(delivery)


def test_without_a_channel_nothing_is_written(spark, schema):
    assert send_notices(spark, monitor_of(schema), POLICY, found(2), at(2)).sent == 0
    assert not lakehouse.table_exists(spark, monitor_of(schema).notices_table)


def test_two_channels_of_one_receiver_are_refused(channels):
    with pytest.raises(ValueError, match="give each receiver once"):
        AlertPolicy(channels=[channels[0], replace(channels[0], timeout_s=1)])
