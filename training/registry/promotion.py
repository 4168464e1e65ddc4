"""An entry of the log of promotions, refusals and rollbacks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = ["Promotion"]


@dataclass(frozen=True)
class Promotion:
    """One entry of the promotion log.

    `action` is ``promote``, ``refuse`` or ``rollback``; `version` the one that it is about; `champion` the champion
    afterwards, `previous` the one that was before; both empty if none. `at` is UTC.
    """

    model_name: str
    version: str
    action: str
    champion: str
    previous: str
    reason: str
    who: str
    at: dt.datetime
