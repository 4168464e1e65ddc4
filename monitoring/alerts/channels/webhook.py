"""A webhook: the notice as JSON, posted to a URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from headwater.monitoring.alerts.channels.posting import check_url, post, receiver_of
from headwater.monitoring.alerts.channels.secrets import check_reference
from headwater.monitoring.definitions.channel import Notice

__all__ = ["CHANNEL", "Webhook"]


@dataclass(frozen=True)
class Webhook:
    """Posts each notice as JSON to a URL.

    The body has ``idempotency_key`` (also as the header ``Idempotency-Key``), ``incident_id``, ``state`` (``opened``, ``closed``
    or ``withdrawn``), ``table_name``, ``severity``, ``title``, ``message``, ``advice``, ``cause``, ``concerns``, ``columns``,
    ``kinds`` and ``since`` (UTC, ISO 8601).

    Parameters
    ----------
    url
        Where to post: a URL, or if it holds a secret, the name of an environment variable or ``{{secrets/scope/key}}``.
    token
        Where a bearer token is found, in the same two ways.
    timeout_s
        Seconds to wait for the receiver.

    Examples
    --------
    >>> Webhook("https://example.com/alerts", token="ALERTS_TOKEN").name
    'webhook example.com (eeb25c61)'
    >>> Webhook("https://me:secret@example.com/alerts")
    Traceback (most recent call last):
    headwater.lakehouse.errors.InvalidInputError: A webhook has a URL of example.com with a user, a password or a query, ...
    """

    kind: ClassVar[str] = "webhook"

    url: str
    token: str | None = field(default=None, kw_only=True)
    timeout_s: float = field(default=10.0, kw_only=True)

    def __post_init__(self) -> None:
        check_url("A webhook", self.url)
        if self.token is not None:
            check_reference("The token of a webhook", self.token)

    @property
    def name(self) -> str:
        """Kind and host, or where the URL is found."""
        return f"{self.kind} {receiver_of(self.url)}"

    def send(self, notice: Notice) -> None:
        """Post the notice; any answer but 2xx raises DeliveryError."""
        post(self.name, notice, self.url, _body(notice), self.token, self.timeout_s)


def _body(notice: Notice) -> dict[str, Any]:
    return {
        "idempotency_key": notice.key,
        "incident_id": notice.incident_id,
        "state": notice.state,
        "table_name": notice.table_name,
        "severity": notice.severity,
        "title": notice.title,
        "message": notice.message,
        "advice": notice.advice,
        "cause": notice.cause,
        "concerns": notice.concerns,
        "columns": list(notice.columns),
        "kinds": list(notice.kinds),
        "since": None if notice.since is None else f"{notice.since.isoformat()}Z",
    }


CHANNEL = Webhook
