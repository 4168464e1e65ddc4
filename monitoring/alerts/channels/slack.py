"""Slack: an incoming webhook that takes a text and blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from headwater.lakehouse import InvalidInputError
from headwater.monitoring.alerts.channels.posting import check_url, post, receiver_of
from headwater.monitoring.definitions.channel import Notice

__all__ = ["CHANNEL", "Slack"]

_MOST_HEADER: Final = 150
_MOST_TEXT: Final = 3000
"""Characters that Slack takes in a header and in a section."""
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True)
class Slack:
    """Posts each notice to a Slack channel, or to what takes Slack's format, such as Mattermost.

    Parameters
    ----------
    url
        Of the incoming webhook. Slack's own hold a secret: put it into an environment variable or a secret, and give that one's
        name, ``SLACK_URL`` or ``{{secrets/scope/key}}``.
    timeout_s
        Seconds to wait for the receiver.

    Examples
    --------
    >>> Slack("{{secrets/alerts/slack}}").name
    'slack {{secrets/alerts/slack}}'
    >>> Slack("https://hooks.slack.com/services/T0/B0/x")
    Traceback (most recent call last):
    headwater.lakehouse.errors.InvalidInputError: The URL of a Slack webhook is a secret: ...
    """

    kind: ClassVar[str] = "slack"

    url: str
    timeout_s: float = field(default=10.0, kw_only=True)

    def __post_init__(self) -> None:
        check_url("A Slack channel", self.url)
        if "slack.com" in self.url.lower():
            raise InvalidInputError(
                "The URL of a Slack webhook is a secret: put it into an environment variable, such as SLACK_URL, or a "
                "secret of a scope, {{secrets/scope/key}}, and give the name."
            )

    @property
    def name(self) -> str:
        """Kind and host, or where the URL is found."""
        return f"{self.kind} {receiver_of(self.url)}"

    def send(self, notice: Notice) -> None:
        """Post the notice; any answer but 2xx raises DeliveryError."""
        post(self.name, notice, self.url, _body(notice), None, self.timeout_s)


def _body(notice: Notice) -> dict[str, Any]:
    said = f"{notice.message}\n_{notice.advice}_" if notice.advice else notice.message
    facts = [f"incident {notice.incident_id}", notice.state]
    facts += [f"since {notice.since:%Y-%m-%d %H:%M} UTC"] if notice.since else []
    return {
        "text": _cut(f"{notice.title}: {notice.message}".translate(_ESCAPED), _MOST_TEXT),
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": _cut(notice.title, _MOST_HEADER)}},
            {"type": "section", "text": {"type": "mrkdwn", "text": _cut(said.translate(_ESCAPED), _MOST_TEXT)}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": " · ".join(facts).translate(_ESCAPED)}]},
        ],
    }


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


CHANNEL = Slack
