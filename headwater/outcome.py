"""What a job says when it is done."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DONE", "FAILED", "REFUSED", "USAGE", "JobResult"]

DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 3


@dataclass(frozen=True)
class JobResult:
    """A job's name, the rows that it wrote, its seconds, what there is to say, and its exit code.

    Codes: 0 done, 1 failed, 2 usage, 3 ran, but a gate refused (validation, quality, drift).
    """

    step: str
    rows: int
    seconds: float
    detail: str = ""
    code: int = DONE
