"""Plants five faults into the flights, one at a time, and shows what the monitor says of each.

``python -m tests.end_to_end.planted_faults`` needs the store that ``make demo`` has left. Each fault is planted into a copy,
where it would arise: in raw weather, in the schedule, in a feature table. Then the project's own jobs score, label and monitor
two weeks of November, in which nothing is wrong otherwise. Exits with 1 if a fault is not found, or put down to another cause.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from headwater import jobs, lakehouse, monitoring

FAULTY = dt.datetime(2013, 11, 11, tzinfo=dt.UTC)
END = dt.datetime(2013, 11, 25, tzinfo=dt.UTC)
NOW = dt.datetime(2013, 11, 28, tzinfo=dt.UTC)  # by when the labels are known
WEATHER, SCHEDULE, LANDINGS = (f"main.flights.{name}" for name in ("weather_raw", "schedule", "landings"))


@dataclass(frozen=True)
class Fault:
    """What is broken, by which statements, and what people must be told: kind, cause, and columns among those named."""

    statements: tuple[str, ...]
    kind: str
    cause: str
    columns: frozenset[str]


def _within(column: str) -> str:
    return f"{column} >= TIMESTAMP '{lakehouse.sql_time(FAULTY)}' AND {column} < TIMESTAMP '{lakehouse.sql_time(END)}'"


_SWAP = "carrier_delay_3h = carrier_late_rate_3h, carrier_late_rate_3h = carrier_delay_3h"
FAULTS = {
    "none": Fault((), "", "", frozenset()),
    # What is a day old is older than the six hours that a lookup takes.
    "a source a day late": Fault(
        (
            f"DELETE FROM {WEATHER} WHERE {_within('known_at')}",
            f"DELETE FROM main.flights.weather WHERE {_within('ts')}",
        ),
        "nulls", WEATHER, frozenset({"temp", "wind_speed"}),
    ),
    "a unit changed": Fault(
        (
            f"UPDATE {WEATHER} SET temp = (temp - 32) / 1.8 WHERE {_within('known_at')}",
            f"UPDATE main.flights.weather SET temp = (temp - 32) / 1.8 WHERE {_within('ts')}",
        ),
        "values", WEATHER, frozenset({"temp"}),
    ),
    "a carrier renamed": Fault(
        (f"UPDATE {SCHEDULE} SET carrier = 'UAL' WHERE carrier = 'UA' AND {_within('prediction_time')}",),
        "new categories", "the requests", frozenset({"carrier"}),
    ),
    "a tenth without a value": Fault(
        (
            f"UPDATE main.flights.origin_delays SET origin_delay_1d = NULL WHERE {_within('ts')} AND pmod(xxhash64(ts), 10) = 0",
        ),
        "nulls", LANDINGS, frozenset({"origin_delay_1d"}),
    ),
    "a wrong feature served": Fault(
        (
            f"UPDATE main.flights.carrier_delays SET {_SWAP} WHERE {_within('ts')}",
        ),
        "values", LANDINGS, frozenset({"carrier_delay_3h", "carrier_late_rate_3h"}),
    ),
}  # fmt: skip


def main() -> int:
    """Plant each fault in a store of its own, in a process of its own; print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.end_to_end.planted_faults", description=main.__doc__)
    parser.add_argument("--store", type=Path, default=Path(".headwater"), help="the demo's (default: .headwater)")
    parser.add_argument("--only", choices=FAULTS, help="one fault (default: all)")
    parser.add_argument("--planted", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.planted is not None:
        return _plant(arguments.planted, arguments.only)
    if not (arguments.store / "warehouse" / "flights.db" / "inference").is_dir():
        print(f"{arguments.store} has no scored flights: run make demo first.", file=sys.stderr)
        return 2
    failed = 0
    for name in [arguments.only] if arguments.only else FAULTS:
        with tempfile.TemporaryDirectory(prefix="headwater-planted-") as folder:
            copy = Path(folder) / ".headwater"
            shutil.copytree(arguments.store, copy, ignore=shutil.ignore_patterns("scratch", "locks", "metastore_db"))
            command = [sys.executable, "-m", "tests.end_to_end.planted_faults", "--planted", str(copy), "--only", name]
            failed += subprocess.run(command, check=False).returncode != 0
    return int(failed > 0)


def _plant(store: Path, name: str) -> int:
    os.environ["HEADWATER_HOME"] = str(store)
    from examples.flights.project import project

    fault = FAULTS[name]
    spark = lakehouse.session()
    known = {(one.cause, one.since) for one in _incidents(spark, project)}
    for statement in fault.statements:
        spark.sql(statement)
    jobs.score(spark, project, FAULTY, END)
    jobs.label(spark, project, FAULTY, NOW)
    jobs.monitor(spark, project, FAULTY, END)
    told = [one for one in _incidents(spark, project) if one.state != "closed"]
    print(f"\n{name}: {len(told)} alerts", flush=True)
    for one in told:
        print(f"  {one.concerns}, cause {one.cause}, {', '.join(one.kinds)}: {one.message}", flush=True)
    if not fault.statements:
        return int(bool(told))
    found = [
        one
        for one in told
        if one.cause == fault.cause
        and fault.kind in one.kinds
        and fault.columns <= set(one.columns)
        and one.since >= FAULTY.replace(tzinfo=None)
        and (one.cause, one.since) not in known
    ]
    print("  found, and put down to its cause" if found else "  NOT FOUND", flush=True)
    return int(not found)


def _incidents(spark, project):
    return monitoring.watch(spark, project.monitor, project.alerts, END, cause_of=project.cause_of)


if __name__ == "__main__":
    sys.exit(main())
