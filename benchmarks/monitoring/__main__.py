"""``python -m benchmarks.monitoring``: profile and drift of a window against a baseline, side by side; prints ratios."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.measured import Printed
from benchmarks.monitoring.rows import CHANGED, rows

HERE = Path(__file__).parent / "contestants"
PEERS = {
    "Evidently": ("evidently_preset.py", ("evidently>=0.7", "pandas<3")),
    "NannyML": ("nannyml_univariate.py", ("nannyml", "statsmodels", "pandas<3")),
    "whylogs": ("whylogs_profiles.py", ("whylogs[viz]", "pandas<3", "pyarrow")),
}
_ROUNDS = 4
"""Of a window's refresh, in a session that is warm by then; the best counts."""
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.monitoring", description=main.__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of each table (default: 1,000,000)")
    parser.add_argument(
        "--cache", type=Path, default=Path(".headwater/benchmarks/monitoring"), help="where the peers' environments lie"
    )
    parser.add_argument("--only-ours", action="store_true", help="without the peers")
    arguments = parser.parse_args()
    say = Printed("Drift of a window against a baseline", "python -m benchmarks.monitoring")
    say(f"{arguments.rows:,} rows each, 15 numbers and 5 categories, of which {len(CHANGED)} drifted")
    say(f"{'':34} {'wall s':>8} {'CPU s':>8} {'MiB':>8}  drifted found, false alarms")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{name}.parquet" for name in ("baseline", "window")]
        for file, changed in zip(files, (False, True), strict=True):
            pq.write_table(rows(arguments.rows, changed=changed), file)
        found = _ours(Path(folder), files)
        if not arguments.only_ours:
            found |= {"SciPy, exact tests": _peer(Path(sys.executable), "exact.py", files)}
            for name, (script, needs) in PEERS.items():
                found[name] = _peer(_environment(arguments.cache, name, needs), script, files)
    for name, figures in found.items():
        if "error" in figures:
            say(f"{name:34} {figures['error']}")
            continue
        drifted = set(figures["drifted"])
        hits = f"{len(drifted & set(CHANGED))} of {len(CHANGED)}, {len(drifted - set(CHANGED))}"
        say(f"{name:34} {figures['seconds']:8.1f} {figures['processor']:8.1f} {figures['mib']:8,.0f}  {hits}")
    ours = found["Headwater, window, in process"]
    say()
    for name, figures in found.items():
        if name in PEERS and "error" not in figures:
            processor, seconds = figures["processor"] / ours["processor"], figures["seconds"] / ours["seconds"]
            say(f"{name} takes {processor:.1f} times our processor time, and {seconds:.1f} times our time")
    if arguments.rows >= 1_000_000 and not arguments.only_ours:
        say.keep()


def _ours(folder: Path, files: list[Path]) -> dict[str, dict[str, Any]]:
    """Measure a first refresh with the baseline, then the window alone, in process and on Spark."""
    from headwater import lakehouse, monitoring
    from headwater.monitoring.inputs import in_process

    spark = lakehouse.session(lakehouse.Settings(home=folder / ".headwater"))
    for file in files:
        spark.read.parquet(str(file)).write.format("delta").saveAsTable(f"main.default.{file.stem}")
    found = {}
    most = in_process.MOST_ROWS
    for form, rows_here in (("in process", most), ("on Spark", -1)):
        in_process.MOST_ROWS = rows_here  # type: ignore[misc]
        schema = f"main.{form.replace(' ', '_').lower()}"
        spark.sql(f"CREATE SCHEMA {schema}")
        monitor = monitoring.Monitor(
            table_name="main.default.window", output_schema=schema, kind=monitoring.MonitorSnapshot(),
            baseline_table_name="main.default.baseline",
        )  # fmt: skip
        for what in ("first refresh, both tables", *["window"] * _ROUNDS):
            began, before = time.monotonic(), _processor()
            monitoring.refresh(spark, monitor)
            name = f"Headwater, {what}, {form}"
            figures = {
                "seconds": time.monotonic() - began, "processor": _processor() - before, "mib": _resident(),
                "drifted": _drifted(spark, monitor),
            }  # fmt: skip
            if name not in found or figures["processor"] < found[name]["processor"]:
                found[name] = figures
    in_process.MOST_ROWS = most  # type: ignore[misc]
    spark.stop()
    return found


def _drifted(spark: Any, monitor: Any) -> list[str]:
    """Return the columns whose p-value, corrected for the number of columns, and distance both say so."""
    from headwater.monitoring.distances import benjamini_hochberg

    drift = spark.table(monitor.drift_table).where("drift_type = 'BASELINE' AND column_name <> ':table'")
    newest = drift.selectExpr("max(window.start)").collect()[0][0]
    found = drift.where(drift["window.start"] == newest).selectExpr(
        "column_name", "coalesce(ks_test.pvalue, chi_squared_test.pvalue) AS p",
        "coalesce(ks_test.statistic, tv_distance) AS far"
    ).collect()  # fmt: skip
    corrected = benjamini_hochberg([row["p"] for row in found])
    return [row["column_name"] for row, p in zip(found, corrected, strict=True) if p < 0.01 and row["far"] > 0.01]


def _environment(cache: Path, name: str, needs: tuple[str, ...]) -> Path:
    home = cache / f"monitoring-{name.lower()}"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        venv.create(home, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *needs]
        with contextlib.suppress(subprocess.TimeoutExpired):
            if subprocess.run(command, check=False, timeout=600).returncode == 0:
                (home / "complete").touch()
    return python


def _peer(python: Path, script: str, files: list[Path]) -> dict[str, Any]:
    command = [str(python.absolute()), str(HERE / script), *map(str, files)]
    quiet = {**os.environ, "DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800, env=quiet)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no message"])[-1][:90]}
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _tree() -> list[int]:
    """Return this process and all below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def _processor() -> float:
    """Return the processor seconds of this process and all below it, also of those that have ended."""
    ticks = 0
    for pid in _tree():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS


def _resident() -> float:
    """Return the memory of this process and all below it, in MiB."""
    pages = 0
    for pid in _tree():
        try:
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except OSError:
            continue
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
