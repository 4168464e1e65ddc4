"""What every contestant's script shares; it needs nothing but Python and pandas."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping

import pandas as pd

__all__ = ["compete"]


def compete(drift: Callable[[pd.DataFrame, pd.DataFrame], Mapping[str, bool]]) -> None:
    """Read both files, compute the drift by column (true: it drifted), and print seconds, processor seconds and peak memory."""
    baseline, window = sys.argv[1:3]
    began, before = time.monotonic(), _processor()
    found = drift(pd.read_parquet(baseline), pd.read_parquet(window))
    figures = {
        "seconds": time.monotonic() - began,
        "processor": _processor() - before,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "drifted": sorted(name for name, drifted in found.items() if drifted),
    }
    print(json.dumps(figures))


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
