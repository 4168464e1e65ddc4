"""Matching in process beside ``pyarrow.Table.join_asof``: ``python -m benchmarks.point_in_time.matching``.

Arrow's join needs both sides sorted by time, keeps one tolerance, and gives the right side's columns; a position column lets both
be compared row by row. What sorting costs is in its figure, as it is in ours.
"""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa

from headwater.features.joins.matching.newest_rows import newest_rows

DAY = 86_400_000_000


def data(labels: int, features: int, seed: int = 1) -> tuple[pa.Table, pa.Table]:
    """Return label rows and feature rows of 100 times a key, unique in key and time, as tables of key, time and place."""
    rng = np.random.default_rng(seed)
    keys = features // 100
    times = rng.choice(90 * DAY // 1000, features, replace=False) * 1000
    right = {"key": rng.integers(0, keys, features), "at": times, "place": np.arange(features)}
    left = {"key": rng.integers(0, keys, labels), "at": rng.integers(0, 90 * DAY, labels), "row": np.arange(labels)}
    return pa.table(left), pa.table(right)


def ours(left: pa.Table, right: pa.Table) -> np.ndarray:
    """Return the places that Headwater's matching finds."""
    stamp = pa.timestamp("us", "UTC")
    return newest_rows([left["key"]], left["at"].cast(stamp), [right["key"]], right["at"].cast(stamp))


def arrow(left: pa.Table, right: pa.Table) -> np.ndarray:
    """Return the places that Arrow's join finds, in the order of the label rows."""
    before = -(1 << 62)  # the tolerance is mandatory, and backward if it is negative
    joined = left.sort_by("at").join_asof(right.sort_by("at"), on="at", by="key", tolerance=before)
    joined = joined.sort_by("row")
    return joined["place"].fill_null(-1).to_numpy()


def main() -> None:
    """Print rows, seconds and processor seconds of both, the fastest of three runs, and their ratio."""
    print(
        "| labels | feature rows | contestant | wall s | processor s | ratio of processor time |\n|---|---|---|---|---|---|"
    )
    for labels, features in ((10_000, 1_000_000), (100_000, 1_000_000)):
        left, right = data(labels, features)
        assert (ours(left, right) == arrow(left, right)).all()
        best = {}
        for way in (ours, arrow):
            runs = []
            for _ in range(3):
                wall, cpu = time.perf_counter(), time.process_time()
                way(left, right)
                runs.append((time.process_time() - cpu, time.perf_counter() - wall))
            best[way] = min(runs)
        for way, (cpu, wall) in best.items():
            print(
                f"| {labels:,} | {features:,} | {way.__name__} | {wall:.2f} | {cpu:.2f} | {cpu / best[ours][0]:.1f} |"
            )


if __name__ == "__main__":
    main()
