"""What a channel is: where people are told of incidents. The kinds of channels are in ``monitoring/alerts/channels``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from headwater.lakehouse import HeadwaterError

__all__ = ["Channel", "DeliveryError", "Notice"]


class DeliveryError(HeadwaterError):
    """A channel's receiver did not take a notice; it is sent again at the next run. Holds no secret."""

    def __init__(self, channel: str, notice: str, reason: str) -> None:
        super().__init__(channel, notice, reason)
        self.channel, self.notice, self.reason = channel, notice, reason

    def __str__(self) -> str:
        return (
            f"The notice {self.notice} was not delivered to {self.channel}: {self.reason.rstrip('.')}. It is sent again at "
            "the next run of the monitor."
        )


@dataclass(frozen=True)
class Notice:
    """What people are told of an incident, once per state; times are naive UTC.

    `key` is the same whenever the notice is sent: by it a receiver recognises one that it has already. A ``withdrawn``
    incident is one that late rows or labels have made void.

    Examples
    --------
    >>> notice = Notice("7f3a", "opened", "main.air.inference", "warning", "1 column of weather broke.", "Mend it.", None)
    >>> notice.key, notice.title
    ('7f3a-opened', 'Alert on main.air.inference (warning)')
    """

    incident_id: str
    state: Literal["opened", "closed", "withdrawn"]
    table_name: str
    severity: str
    message: str
    advice: str
    since: dt.datetime | None
    opened_at: dt.datetime | None = None
    cause: str = ""
    concerns: str = ""
    columns: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The incident's id and the state."""
        return f"{self.incident_id}-{self.state}"

    @property
    def title(self) -> str:
        """The notice in a few words."""
        begin = {"opened": "Alert", "closed": "Over: alert", "withdrawn": "Withdrawn: alert"}[self.state]
        return f"{begin} on {self.table_name} ({self.severity})"


class Channel(Protocol):
    """Where notices are sent: a frozen dataclass that holds no secret, but says where one is found.

    Also ``from_dict(to_dict(channel)) == channel``: its fields are texts, numbers, booleans, and tuples and dicts of texts.
    """

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """Its kind and receiver, by which it is noted that a notice was sent: two channels of a policy differ in it."""
        ...

    def send(self, notice: Notice) -> None:
        """Deliver the notice.

        Raises
        ------
        DeliveryError
            The receiver is not reached within the channel's timeout, or does not take it.
        """
        ...
