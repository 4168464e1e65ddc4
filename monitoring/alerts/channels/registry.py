"""The kinds of channels: every file of this folder that has a ``CHANNEL``; and channels as plain dicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from headwater.lakehouse import InvalidInputError, known
from headwater.monitoring.definitions.channel import Channel
from headwater.plug_points import modules_of

__all__ = ["all_channels", "from_dict", "to_dict"]


@cache
def all_channels() -> Mapping[str, type[Channel]]:
    """Return the classes of channels by their kinds.

    Examples
    --------
    >>> list(all_channels())
    ['email', 'slack', 'webhook']
    """
    modules = modules_of("headwater.monitoring.alerts.channels")
    classes: list[type[Channel]] = [module.CHANNEL for module in modules if hasattr(module, "CHANNEL")]
    return {one.kind: one for one in sorted(classes, key=lambda one: one.kind)}


def to_dict(channel: Channel) -> dict[str, Any]:
    """Return the channel as JSON takes it: its kind and its fields, which hold no secret.

    Examples
    --------
    >>> from headwater.monitoring.alerts.channels.slack import Slack
    >>> to_dict(Slack("SLACK_URL"))
    {'kind': 'slack', 'url': 'SLACK_URL', 'timeout_s': 10.0}
    """
    fields = asdict(channel)  # type: ignore[call-overload]  # a dataclass, as the protocol says
    return {"kind": channel.kind, **{k: list(v) if isinstance(v, tuple) else v for k, v in fields.items()}}


def from_dict(given: Mapping[str, Any]) -> Channel:
    """Return the channel of :func:`to_dict`.

    Raises
    ------
    InvalidInputError
        There is no such kind, or no such field.
    """
    fields = dict(given)
    kind = str(fields.pop("kind", ""))
    if kind not in all_channels():
        raise InvalidInputError(f"{kind!r} is not a kind of channel. {known(kind, all_channels())}")
    try:
        return all_channels()[kind](**fields)
    except TypeError as error:
        raise InvalidInputError(
            f"A channel of kind {kind!r} cannot be made of the fields {sorted(fields)}: {error}."
        ) from error
