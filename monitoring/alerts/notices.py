"""Tells people of incidents, on each channel once when one opens and once when it is over.

What was sent is noted in ``…_incident_notices`` right after it was: a job that is killed and run again sends nothing twice but,
at most, the one notice that it had sent and not yet noted, with the same idempotency key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.monitoring.alerts.incidents import Incident
from headwater.monitoring.definitions.channel import Channel, DeliveryError, Notice
from headwater.monitoring.definitions.windows import micros_of, time_of
from headwater.monitoring.tables.schemas import NOTICES, parsed

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headwater.monitoring.definitions.monitor import Monitor
    from headwater.monitoring.definitions.policy import AlertPolicy

__all__ = ["Delivery", "due_notices", "send_notices"]

_OVER = ("closed", "withdrawn")


@dataclass(frozen=True)
class Delivery:
    """How many notices were sent, over all channels, and which channels did not take one.

    Examples
    --------
    >>> str(Delivery(sent=1))
    '1 notice was sent.'
    """

    sent: int = 0
    failures: tuple[DeliveryError, ...] = ()

    def __str__(self) -> str:
        told = [f"{self.sent} notice{' was' if self.sent == 1 else 's were'} sent."] if self.sent else []
        return " ".join([*told, *map(str, self.failures)])


@dataclass(frozen=True)
class Sent:
    """A notice that a channel has had."""

    incident_id: str
    state: str
    channel: str
    opened_at: dt.datetime
    severity: str
    message: str


@lakehouse.faults_named()
def send_notices(
    spark: SparkSession, monitor: Monitor, policy: AlertPolicy, incidents: Sequence[Incident], as_of: dt.datetime
) -> Delivery:
    """Send the notices that are due on each of the policy's channels, the oldest first, and note each.

    Parameters
    ----------
    incidents
        All incidents as of `as_of`, as :func:`monitoring.watch` returns them.
    as_of
        When silences are looked at; naive UTC or aware.

    Returns
    -------
    Delivery
        A channel whose receiver is down raises nothing: the rest of its notices wait for the next call, and the result says so.
        One commit for each notice that was sent.
    """
    if not policy.channels:
        return Delivery()
    lakehouse.ensure_table(
        spark, monitor.notices_table, parsed(NOTICES), comment="Which channels were told of incidents"
    )
    names = ("incident_id", "state", "channel", "unix_micros(opened_at)", "severity", "message")
    rows = lakehouse.read_table(spark, monitor.notices_table).selectExpr(*names).collect()
    known = [
        Sent(id_, state, name, time_of(opened), severity, words) for id_, state, name, opened, severity, words in rows
    ]
    sent, failures = 0, []
    for channel in policy.channels:
        mine = [one for one in known if one.channel == channel.name]
        for notice in due_notices(incidents, mine, time_of(micros_of(as_of)), monitor.table_name):
            failure = _failure(channel, notice)
            if failure is not None:
                failures.append(failure)
                break
            _note(spark, monitor, channel, notice)
            sent += 1
    return Delivery(sent, tuple(failures))


def due_notices(
    incidents: Sequence[Incident], sent: Sequence[Sent], as_of: dt.datetime, table_name: str
) -> list[Notice]:
    """Return what a channel is to be told, the oldest incident first, given what it has been `sent`.

    Of an open incident that it is open, once, unless it is silenced or over the budget, or someone has acknowledged it before;
    that it is over, once, if the channel was told that it is open. An incident that is no more there was made void by late rows
    or labels: that is told too.
    """
    told = {(one.incident_id, one.state) for one in sent}
    ended = {one.incident_id for one in sent if one.state in _OVER}
    due = []
    for incident in sorted(incidents, key=lambda one: (one.opened_at, one.incident_id)):
        opened = (incident.incident_id, "opened") in told
        silent = incident.silenced_until is not None and as_of < incident.silenced_until
        if incident.state == "open" and not opened and not incident.over_budget and not silent:
            due.append(_notice(incident, "opened", table_name))
        elif incident.state == "closed" and opened and incident.incident_id not in ended and not silent:
            due.append(_notice(incident, "closed", table_name))
    there = {incident.incident_id for incident in incidents}
    for one in sent:
        if one.state == "opened" and one.incident_id not in there | ended and one.opened_at <= as_of:
            words = f"Rows or labels that came late have made it void. It said: {one.message}"
            due.append(
                Notice(one.incident_id, "withdrawn", table_name, one.severity, words, "", None, opened_at=one.opened_at)
            )
    return due


def _notice(incident: Incident, state: str, table_name: str) -> Notice:
    over = state == "closed"
    ended = f"Not found any more since {incident.closed_at:%Y-%m-%d %H:%M} UTC. It was: " if over else ""
    return Notice(
        incident_id=incident.incident_id, state="closed" if over else "opened", table_name=table_name,
        severity=incident.severity, message=f"{ended}{incident.message}", advice="" if over else incident.advice,
        since=incident.since, cause=incident.cause, concerns=incident.concerns, columns=incident.columns,
        kinds=incident.kinds, opened_at=incident.opened_at,
    )  # fmt: skip


def _failure(channel: Channel, notice: Notice) -> DeliveryError | None:
    """Send the notice; return why it was not delivered, None if it was."""
    try:
        channel.send(notice)
    except DeliveryError as error:
        return error
    except Exception as error:  # noqa: BLE001 - a channel of the user's own must not fail the job; its words may be secret
        return DeliveryError(channel.name, notice.key, f"the channel raised {type(error).__name__}")
    return None


def _note(spark: SparkSession, monitor: Monitor, channel: Channel, notice: Notice) -> None:
    row = (
        notice.incident_id,
        notice.state,
        channel.name,
        None if notice.opened_at is None else notice.opened_at.replace(tzinfo=dt.UTC),
        dt.datetime.now(dt.UTC),
        notice.severity,
        notice.message,
    )
    lakehouse.append(spark.createDataFrame([row], parsed(NOTICES)), monitor.notices_table)
