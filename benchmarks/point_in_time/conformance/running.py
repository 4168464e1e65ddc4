"""One contestant on all cases: in a process of its own, and in a new one after a case that it did not finish."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from subprocess import Popen, TimeoutExpired

import pyarrow.parquet as pq

from benchmarks.point_in_time.conformance.cases import FEATURES, Case, LongHistory
from benchmarks.point_in_time.conformance.grading import Verdict, grade_file
from benchmarks.point_in_time.field import Contestant, start

__all__ = ["answers", "write_case"]


def write_case(case: Case | LongHistory, folder: Path) -> Path:
    """Write a case's files, and `spec.json` as the benchmark's contestants take it; return the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, rows in (("labels", case.label_table()), ("facts", case.feature_table())):
        (folder / name).mkdir(parents=True)
        pq.write_table(rows, folder / name / "part-000.parquet")
    lookback = None if case.lookback is None else round(case.lookback.total_seconds() * 1_000_000)
    facts = {
        "name": "facts",
        "keys": case.keys,
        "key_kind": "string",
        "time": ["at", "ts"],
        "lookback": lookback,
        "features": FEATURES,
    }
    (folder / "spec.json").write_text(json.dumps({"name": case.name, "time_zone": case.time_zone, "tables": [facts]}))
    return folder


def answers(
    contestant: Contestant, python: Path, cases: Sequence[Case | LongHistory], data: Path, out: Path, limit: float
) -> tuple[dict[str, Verdict], dict[str, str]]:
    """Return a contestant's verdict of each case, and the versions of what it runs on.

    Parameters
    ----------
    data
        A folder with a folder for each case, by name.
    limit
        Seconds for a case, the start of a process with the first of them included.
    """
    verdicts: dict[str, Verdict] = {}
    versions: dict[str, str] = {}
    known = {case.name: case for case in cases}
    while left := [name for name in known if name not in verdicts]:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        arguments = [str(data), str(out), "cases", ",".join(left), "0", contestant.form]
        # What a process that is ended leaves behind goes with the folder.
        process = start(contestant, python, arguments, out, {"SPARK_LOCAL_DIRS": str(out / "spark")})
        told = _told(process, out / "answer.txt", left, limit)
        for one in told:
            case = known[one["case"]]
            said = one.get("error", "") or (f"cannot be said: {one['cannot']}" if "cannot" in one else "")
            verdicts[case.name] = Verdict(said=said) if said else grade_file(case, out / case.name)
            versions |= one["versions"]
        if len(told) < len(left):
            late = process.returncode == -signal.SIGKILL
            log = [line for line in (out / "log.txt").read_text().splitlines() if line.strip()]
            ended = f"not finished in {limit:.0f} s" if late else f"process ended: {log[-1] if log else 'no word'}"
            verdicts[left[len(told)]] = Verdict(said=ended)
    return verdicts, versions


def _told(process: Popen, answer: Path, names: Sequence[str], limit: float) -> list[dict]:
    """Return what the process said of the cases; it is ended if it takes too long for one."""
    told: list[dict] = []
    since = time.monotonic()
    while len(told) < len(names):
        ended = process.poll() is not None
        lines = answer.read_text().splitlines(keepends=True)
        now = [json.loads(line) for line in lines if line.startswith('{"case"') and line.endswith("\n")]
        since = time.monotonic() if len(now) > len(told) else since
        told = now
        if ended:
            break
        if time.monotonic() - since > limit:
            os.killpg(process.pid, signal.SIGKILL)
            break
        time.sleep(0.1)
    try:
        process.wait(60)
    except TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return told
