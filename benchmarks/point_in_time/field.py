"""The contestants, the environments they are run in, and one run of one of them as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.point_in_time.contestants import harness
from benchmarks.point_in_time.shapes import Shape

__all__ = ["ALONE", "CONTESTANTS", "Contestant", "Outcome", "compete", "environment", "start"]

_PROGRAMS = Path(__file__).with_name("contestants")
_FRAMES = ("duckdb", "pandas>=3", "polars", "pyarrow")


@dataclass(frozen=True)
class Contestant:
    """A program of `contestants/`, its form, and what its environment needs; nothing for the one that runs this.

    Attributes
    ----------
    most_labels, most_rows
        More than this it does not finish in reasonable time; it is left out and said to be.
    joins
        Whether it joins; else it shows what a part of the work costs alone.
    """

    name: str
    program: str
    form: str = ""
    needs: tuple[str, ...] = ()
    most_labels: int = 10**12
    most_rows: int = 10**12
    joins: bool = True

    def reason_against(self, shape: Shape) -> str:
        """Return why it is not run on a shape, or nothing."""
        if shape.only and self.name not in shape.only:
            return "not run at this size"
        rows = sum(table.rows for table in shape.tables)
        if shape.labels * len(shape.tables) > self.most_labels or rows > self.most_rows:
            return "not run at this size"
        return ""


@dataclass(frozen=True)
class Outcome:
    """What came of a run; `error` says why there are no numbers, `profile` where the time of one more run went."""

    seconds: tuple[float, ...] = ()
    cpu: tuple[float, ...] = ()
    peak_bytes: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    error: str = ""
    rows: str = ""
    profile: dict[str, float] = field(default_factory=dict)


_SPARK_FEAST = ("feast[spark]>=0.60",)
CONTESTANTS = {
    one.name: one
    for one in (
        Contestant("ours, embedded", "ours", "embedded"),
        Contestant("ours, Spark forms", "ours", "spark"),
        Contestant("union and window", "on_spark", "window"),
        Contestant("DuckDB", "duckdb_asof", needs=_FRAMES),
        Contestant("Polars", "polars_asof", needs=_FRAMES),
        Contestant("pandas", "pandas_asof", needs=_FRAMES),
        Contestant("range join", "on_spark", "range", most_labels=200_000, most_rows=2_000_000),
        Contestant("Feast, Spark store", "feast_store", "spark", _SPARK_FEAST, 600_000, 2_000_000),
        Contestant("Feast, dask store", "feast_store", "dask", _SPARK_FEAST, 600_000, 2_000_000),
    )
}
ALONE = {
    one.name: one
    for one in (
        Contestant("the result alone, on Spark", "on_spark", "result", joins=False),
        Contestant("the result, and a shuffle of the rows, on Spark", "on_spark", "shuffle", joins=False),
        Contestant("the result, and the rows shuffled to Python, on Spark", "on_spark", "python", joins=False),
    )
}


def environment(contestant: Contestant, cache: Path) -> Path:
    """Return the Python of a contestant's environment; made in the cache folder where it is missing."""
    if not contestant.needs:
        return Path(sys.executable)
    home = cache / f"env-{contestant.needs[0].partition('[')[0].partition('>')[0]}"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        venv.create(home, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *contestant.needs]
        subprocess.run(command, check=True, timeout=900)
        (home / "complete").touch()
    return python


def compete(
    contestant: Contestant, python: Path, data: Path, out: Path, *, sink: str, repeats: int, budget: float, limit: float
) -> Outcome:
    """Run a contestant on a shape's folder; ends it after `limit` seconds, and begins no repeat after `budget`."""
    out.mkdir(parents=True, exist_ok=True)
    arguments = [str(data), str(out), sink, str(repeats), str(budget), contestant.form]
    process = start(contestant, python, arguments, out)
    peak, ends = 0, time.monotonic() + limit
    try:
        while process.poll() is None and time.monotonic() < ends:
            peak = max(peak, sum(resident for _, resident in harness.tree(process.pid)))
            time.sleep(0.1)
    finally:  # also where this program is ended
        late = process.poll() is None
        if late:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if late:
        return Outcome(peak_bytes=peak, error=f"not finished in {limit:.0f} s")
    lines = (out / "answer.txt").read_text().strip().splitlines()
    if process.returncode or not lines:
        said = [line for line in (out / "log.txt").read_text().splitlines() if line.strip()]
        return Outcome(peak_bytes=peak, error=f"failed: {said[-1][:160] if said else process.returncode}")
    told: dict[str, Any] = json.loads(lines[-1])
    return Outcome(tuple(told["seconds"]), tuple(told["cpu"]), peak, told["versions"], profile=told["profile"])


def start(
    contestant: Contestant, python: Path, arguments: list[str], out: Path, variables: Mapping[str, str] | None = None
) -> subprocess.Popen:
    """Start a contestant's program; what it prints goes to `answer.txt` in the folder `out`, the rest to `log.txt`."""
    surroundings = {**os.environ, **(variables or {})}
    surroundings.pop("PYTHONPATH", None)
    if not contestant.needs:
        surroundings["PYTHONPATH"] = str(Path(__file__).parents[2])
    with (out / "log.txt").open("w") as errors, (out / "answer.txt").open("w") as answer:
        return subprocess.Popen(
            [str(python), str(_PROGRAMS / f"{contestant.program}.py"), *arguments],
            stdout=answer,
            stderr=errors,
            cwd=out,
            env=surroundings,
            start_new_session=True,
        )
