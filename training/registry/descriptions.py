"""What the registry's pages say of a model and its versions: a line of status, which decisions rewrite, above a card."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from headwater.training.registry.promotion import Promotion

__all__ = ["CARD_LIMIT", "NOTE_LIMIT", "describe", "with_card", "with_status"]

LIMIT = 5000  # characters of a description, as MLflow stores it
CARD_LIMIT = LIMIT - 700  # the line of status comes on top
NOTE_LIMIT = 7900  # of a run's description, which is a tag
_RULE = "\n\n---\n\n"
_CARD_ENDS = "\n\n*Written by each training; what is written below this line stays.*"
_STATUSES = (
    "Champion since",
    "Champion again",
    "Champion: version",
    "Refused on",
    "Replaced as",
    "There is no champion",
)
_REASON = 240


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
    _, below = _parts(description)
    text = f"{status}{_RULE}{below}" if below else status
    return text if len(text) <= LIMIT else description  # no words of a person's are cut off


def with_card(description: str, card: str) -> str:
    """Return a model's description with this card in place of the one that it has; what people wrote below it stays.

    A description without a card is people's own, and goes below.
    """
    status, below = _parts(description)
    _, end, own = below.partition(_CARD_ENDS)
    card = f"{card}{_CARD_ENDS}{own if end else _own(below)}"
    text = f"{status}{_RULE}{card}" if status else card
    return text if len(text) <= LIMIT else description


def _own(text: str) -> str:
    return f"\n\n{text}" if text else ""


def _parts(description: str) -> tuple[str, str]:
    """Return the line of status, empty if there is none, and what is below it."""
    first, rule, below = description.partition(_RULE)
    if "\n" in first or not first.startswith(_STATUSES):
        return "", description
    return first, below if rule else ""


def describe(client: MlflowClient, entry: Promotion) -> None:
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
