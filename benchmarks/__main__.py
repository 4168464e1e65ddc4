"""Does a step's cost grow with history? Times one week's materialisation after four weeks and after nine months.

Run by ``python -m benchmarks``, in a store of its own in a temporary folder; takes about four minutes on two cores.
"""

import datetime as dt
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from examples.flights import landing
from examples.flights.definitions import GROUPS
from headwater import lakehouse
from headwater.features import materialize_all

STEP = dt.timedelta(days=7)
LIVE = dt.datetime(2013, 10, 1, tzinfo=dt.UTC)
HISTORIES = {"4 weeks": LIVE - 4 * STEP, "9 months": dt.datetime(2012, 12, 31, tzinfo=dt.UTC)}
REPEATS = 5


def main() -> None:
    """Print minimum, median and maximum seconds of the step after each history, and the ratio of the medians."""
    with tempfile.TemporaryDirectory() as folder:
        spark = lakehouse.session(lakehouse.Settings(home=Path(folder)))
        medians = {}
        print(f"Python {platform.python_version()}, Spark {spark.version}, {platform.machine()}, {platform.system()}")
        for name, start in HISTORIES.items():
            landing.land(spark, start, LIVE + STEP)
            materialize_all(spark, GROUPS, start, LIVE)
            seconds = [_timed(spark) for _ in range(REPEATS + 1)][1:]
            medians[name] = statistics.median(seconds)
            print(
                f"one week after {name:>8}: {min(seconds):.2f} {medians[name]:.2f} {max(seconds):.2f} s (min, median, max)"
            )
        print(f"ratio of the medians: {medians['9 months'] / medians['4 weeks']:.2f}")
        spark.stop()


def _timed(spark) -> float:
    began = time.perf_counter()
    materialize_all(spark, GROUPS, LIVE, LIVE + STEP)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
