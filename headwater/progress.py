"""Progress of long steps, for people who watch: one line per event, with the time since the start."""

from __future__ import annotations

import sys
import time

__all__ = ["say"]

_STARTED = time.monotonic()


def say(step: str, detail: str) -> None:
    """Print one line to standard error: minutes and seconds since the process began, the step, the detail."""
    minutes, seconds = divmod(int(time.monotonic() - _STARTED), 60)
    print(f"{minutes:3d}:{seconds:02d}  {step:<12} {detail}", file=sys.stderr, flush=True)
