"""What the registry's pages say of a model and its versions: a line of status, which decisions rewrite, above a card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt

    from mlflow import MlflowClient

__all__ = ["CARD_LIMIT", "NOTE_LIMIT", "describe", "with_card", "with_status"]

LIMIT = 5000  # characters of a description, as MLflow stores it
CARD_LIMIT = LIMIT - 700  # the line of status comes on top
NOTE_LIMIT = 7900  # of a run's description, which is a tag
_RULE = "\n\n---\n\n"
_STATUSES = (
    "Champion since",
    "Champion again",
    "Champion: version",
    "Refused on",
    "Replaced as",
    "There is no champion",
)
_REASON = 240


class Entry(Protocol):
    """As much of an entry of the promotion log as a line of status says."""

    @property
    def model_name(self) -> str:
        """Name of the registered model."""

    @property
    def version(self) -> str:
        """The version that the decision is about."""

    @property
    def action(self) -> str:
        """``promote``, ``refuse`` or ``rollback``."""

    @property
    def champion(self) -> str:
        """The champion afterwards; empty if none."""

    @property
    def previous(self) -> str:
        """The champion before; empty if none."""

    @property
    def reason(self) -> str:
        """Why."""

    @property
    def who(self) -> str:
        """Who or what decided."""

    @property
    def at(self) -> dt.datetime:
        """When, UTC."""


def with_status(description: str, status: str) -> str:
    """Return a description with this line of status, in place of the one that it has; what is below it stays.

    Examples
    --------
    >>> first = with_status("Predicts delays.", "Refused on Monday.")
    >>> print(with_status(first, "Champion since Tuesday."))
    Champion since Tuesday.
    <BLANKLINE>
    ---
    <BLANKLINE>
    Predicts delays.
    """
    old, rule, below = description.partition(_RULE)
    kept = below if rule and old.startswith(_STATUSES) else "" if old.startswith(_STATUSES) else description
    return (f"{status}{_RULE}{kept}" if kept else status)[:LIMIT]


def with_card(description: str, card: str) -> str:
    """Return the card below the line of status that the description has, if it has one."""
    status, rule, _ = description.partition(_RULE)
    return with_status(card, status) if rule and status.startswith(_STATUSES) else card[:LIMIT]


def describe(client: MlflowClient, entry: Entry) -> None:
    """Write a decision into the descriptions of its version, of the champion that it replaces, and of the model."""
    at, by = f"{entry.at:%Y-%m-%d %H:%M} UTC", f"by {entry.who}"
    reason = _short(entry.reason)
    status = {
        "promote": f"Champion since {at}, {by}. {reason}",
        "rollback": f"Champion again since {at}, by a rollback of {entry.who}. {reason}",
        "refuse": f"Refused on {at}, {by}. {reason}",
    }[entry.action]
    _describe_version(client, entry.model_name, entry.version, status)
    if entry.previous and entry.previous != entry.champion:
        replaced = f"Replaced as champion by version {entry.champion} on {at}."
        _describe_version(client, entry.model_name, entry.previous, replaced)
    model = client.get_registered_model(entry.model_name)
    now = f"Champion: version {entry.champion}." if entry.champion else "There is no champion."
    last = f"Last decision on {at}: {entry.action} version {entry.version}."
    text = with_status(model.description or "", f"{now} {last}")
    client.update_registered_model(entry.model_name, description=text)


def _describe_version(client: MlflowClient, model_name: str, version: str, status: str) -> None:
    found = client.get_model_version(model_name, version).description or ""
    client.update_model_version(model_name, version, description=with_status(found, status))


def _short(reason: str) -> str:
    """Return whole sentences of at most 240 characters, or the first 240 characters."""
    if len(reason) <= _REASON:
        return reason
    cut = reason[:_REASON]
    whole = cut.rfind(". ")
    return f"{cut[: whole + 1] if whole > 0 else cut} …"
