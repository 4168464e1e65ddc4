"""Measures point-in-time joins: ``python -m benchmarks.point_in_time [--shapes …] [--peers …] [--scale …] [--repeats …]``.

Data and environments lie in ``.headwater/benchmarks``. What was measured lies in docs/benchmarks.json, of which
docs/benchmarks.md is written; shapes that are not measured this time stay as they were, each with its machine and day.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks.point_in_time.agreement import Answer, disagreement
from benchmarks.point_in_time.field import ALONE, CONTESTANTS, Contestant, Outcome, compete, environment
from benchmarks.point_in_time.report import document, machine, profiles, table
from benchmarks.point_in_time.shapes import SHAPES, Shape, generate

_KNOWN = {**CONTESTANTS, **ALONE}
_RECORD = Path(__file__).parents[2] / "docs" / "benchmarks.json"


def main() -> int:
    """Measure, print and write the document; 0 unless one of ours gave other rows than the answer's."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that it ends the contestant that runs
    began = time.monotonic()
    cache: Path = asked.cache.resolve()
    results = json.loads(_RECORD.read_text()) if _RECORD.exists() else {}
    right = True
    for shape in asked.shapes:
        sized = shape.scaled(asked.scale)
        data = cache / f"{shape.name}-{asked.scale:g}"
        generate(sized, data)
        answer = Answer(data)
        told = {
            "title": shape.title,
            "labels": sized.labels,
            "when": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC",
            "machine": machine(),
            "repeats": asked.repeats,
            "sinks": {},
        }
        for sink in shape.sinks:
            told["sinks"][sink] = {}
            for contestant in asked.peers:
                outcome = _measured(contestant, sized, data, cache, sink, asked, answer)
                right &= not (contestant.program == "ours" and (outcome.error.startswith("failed") or outcome.rows))
                if outcome.seconds or outcome.error != "not run at this size":
                    told["sinks"][sink][contestant.name] = asdict(outcome)
            print(f"\n{shape.title}, to {sink}\n", *table(told["sinks"][sink], sized.labels), sep="\n", flush=True)
            print("", *profiles(told["sinks"][sink]), sep="\n", flush=True)
        if asked.scale == 1:
            results[shape.name] = told
            results = {name: results[name] for name in SHAPES if name in results}
            _RECORD.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
            _RECORD.with_suffix(".md").write_text(document(results))
        if not asked.keep:
            shutil.rmtree(data)
    print(f"\n{time.monotonic() - began:.0f} s in all")
    return 0 if right else 1


def _measured(
    contestant: Contestant,
    shape: Shape,
    data: Path,
    cache: Path,
    sink: str,
    asked: argparse.Namespace,
    answer: Answer,
) -> Outcome:
    against = contestant.reason_against(shape)
    if against:
        return Outcome(error=against)
    try:
        python = environment(contestant, cache)
    except (subprocess.SubprocessError, OSError) as error:
        return Outcome(error=f"its environment cannot be made: {error}"[:160])
    out = cache / "run"
    shutil.rmtree(out, ignore_errors=True)
    if shape.only:  # the largest: with little memory
        contestant = replace(contestant, form=f"{contestant.form} 4g")
    outcome = compete(
        contestant, python, data, out, sink=sink, repeats=asked.repeats, budget=asked.budget, limit=asked.limit
    )
    if outcome.seconds and not contestant.joins:
        outcome = replace(outcome, rows="no join")
    elif outcome.seconds:
        outcome = replace(outcome, rows=disagreement(answer, out / "result"))
    shutil.rmtree(out, ignore_errors=True)
    print(
        f"{shape.name} {sink} {contestant.name}: {outcome.error or [round(s, 2) for s in outcome.seconds]}", flush=True
    )
    return outcome


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.point_in_time", description=__doc__)
    parser.add_argument(
        "--shapes",
        default="",
        help=f"names, by comma, or 'all'; default: those that are not heavy. Known: {', '.join(SHAPES)}",
    )
    parser.add_argument("--peers", default="", help=f"names, by semicolon; default: all. Known: {'; '.join(_KNOWN)}")
    parser.add_argument("--scale", type=float, default=1.0, help="times as many rows; kept and written at 1 only")
    parser.add_argument("--repeats", type=int, default=3, help="runs that count, after a first one that does not")
    parser.add_argument(
        "--budget", type=float, default=30.0, help="seconds after which a contestant begins no repeat but the first"
    )
    parser.add_argument("--limit", type=float, default=180.0, help="seconds after which a contestant is ended")
    parser.add_argument("--cache", type=Path, default=Path(".headwater/benchmarks"))
    parser.add_argument("--keep", action="store_true", help="keep the generated data")
    asked = parser.parse_args()
    names = [n for n in asked.shapes.split(",") if n] or [n for n, shape in SHAPES.items() if not shape.heavy]
    names = list(SHAPES) if asked.shapes == "all" else names
    peers = [p.strip() for p in asked.peers.split(";") if p.strip()] or list(_KNOWN)
    strange = [n for n in names if n not in SHAPES] + [p for p in peers if p not in _KNOWN]
    if strange:
        parser.error(f"{strange[0]!r} is no shape and no contestant. Known: {', '.join(SHAPES)}; {'; '.join(_KNOWN)}")
    asked.shapes, asked.peers = [SHAPES[n] for n in names], [_KNOWN[p] for p in peers]
    return asked


if __name__ == "__main__":
    sys.exit(main())
