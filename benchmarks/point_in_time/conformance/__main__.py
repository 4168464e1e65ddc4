"""Holds ours and the peers to the cases: ``python -m benchmarks.point_in_time.conformance [--peers …] [--rows …] [--limit …]``.

Environments and verdicts lie in ``.headwater/benchmarks``. docs/conformance.md is written when all cases were asked, with the
verdicts of an earlier run for contestants that were left out of this one.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.point_in_time.conformance.cases import Case, LongHistory
from benchmarks.point_in_time.conformance.document import document
from benchmarks.point_in_time.conformance.forms import FORMS_BY_TIME
from benchmarks.point_in_time.conformance.grading import Verdict
from benchmarks.point_in_time.conformance.named import CASES, long_history
from benchmarks.point_in_time.conformance.running import answers, write_case
from benchmarks.point_in_time.field import CONTESTANTS, Contestant, environment
from benchmarks.point_in_time.report import machine

__all__ = ["main"]

_DOCUMENT = Path(__file__).parents[3] / "docs" / "conformance.md"
_FORMS = {name: Contestant(f"our form: {name}", "our_form", name) for name in FORMS_BY_TIME}


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask all, print and write the document; 0 unless one of ours is not right in every case."""
    asked = _arguments(arguments)
    began = time.monotonic()
    cases: list[Case | LongHistory] = [CASES[name] for name in asked.cases]
    if asked.rows:
        cases.append(long_history(asked.rows))
    work = asked.cache / f"conformance-{os.getpid()}"
    data = work / "cases"
    for case in cases:
        write_case(case, data / case.name)
    known = _known(asked.cache / "conformance.json", cases)
    right = True
    for name, contestant in asked.contestants.items():
        since = time.monotonic()
        verdicts, versions = _asked(contestant, cases, work, asked)
        known[name] = {"verdicts": verdicts, "versions": versions, "day": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"}
        right &= not contestant.program.startswith("our") or all(one.right for one in verdicts.values())
        wrong = {case: str(one) for case, one in verdicts.items() if not one.right}
        print(f"{name}: {len(cases) - len(wrong)} of {len(cases)} right, {time.monotonic() - since:.0f} s", flush=True)
        for case, said in wrong.items():
            print(f"  {case}: {said[:160]}", flush=True)
        _keep(asked.cache / "conformance.json", cases, known)
    if asked.out:
        where = f"{machine()['system']}, Python {sys.version.split()[0]}; at most {asked.limit:.0f} seconds for a case."
        asked.out.write_text(document(cases, *_parted(known), where))
    shutil.rmtree(work)
    print(f"{time.monotonic() - began:.0f} s in all")
    return 0 if right else 1


def _keep(file: Path, cases: Sequence[Case | LongHistory], known: dict[str, Any]) -> None:
    told = {
        name: one | {"verdicts": {case: asdict(verdict) for case, verdict in one["verdicts"].items()}}
        for name, one in known.items()
    }
    file.write_text(json.dumps({"cases": _digest(cases), "contestants": told}))


def _known(file: Path, cases: Sequence[Case | LongHistory]) -> dict[str, Any]:
    """Return what earlier runs found of the same cases."""
    told = json.loads(file.read_text()) if file.exists() else {"cases": ""}
    if told["cases"] != _digest(cases):
        return {}
    return {
        name: one | {"verdicts": {case: Verdict(**verdict) for case, verdict in one["verdicts"].items()}}
        for name, one in told["contestants"].items()
    }


def _digest(cases: Sequence[Case | LongHistory]) -> str:
    return hashlib.sha256(repr(cases).encode()).hexdigest()


def _parted(known: dict[str, Any]) -> tuple[dict, dict, dict]:
    """Return the verdicts of contestants and of our forms, and the versions, in the order in which they are declared."""
    peers = {name: known[name]["verdicts"] for name in CONTESTANTS if name in known}
    forms = {form: known[one.name]["verdicts"] for form, one in _FORMS.items() if one.name in known}
    versions = {name: known[name]["versions"] | {"asked on": known[name]["day"]} for name in peers}
    return peers, forms, versions


def _asked(
    contestant: Contestant, cases: Sequence[Case | LongHistory], work: Path, asked: argparse.Namespace
) -> tuple[dict[str, Verdict], dict[str, str]]:
    try:
        python = environment(contestant, asked.cache)
    except (subprocess.SubprocessError, OSError) as error:
        said = Verdict(said=f"its environment cannot be made: {error}")
        return {case.name: said for case in cases}, {}
    return answers(contestant, python, cases, work / "cases", work / "run", asked.limit)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.point_in_time.conformance", description=__doc__)
    parser.add_argument(
        "--peers", default="", help=f"names, by semicolon; default: all. Known: {'; '.join(CONTESTANTS)}"
    )
    parser.add_argument("--cases", default="", help=f"names, by comma; default: all. Known: {', '.join(CASES)}")
    parser.add_argument("--rows", type=int, default=3_000_000, help="of the one key's long history; 0: without it")
    parser.add_argument("--no-forms", action="store_true", help="leave out our physical forms, each on its own")
    parser.add_argument(
        "--limit", type=float, default=120.0, help="seconds for a case, the start of a process included"
    )
    parser.add_argument("--cache", type=Path, default=Path(".headwater/benchmarks"))
    parser.add_argument(
        "--out", type=Path, help="where the document goes; default: docs/conformance.md if all cases are asked"
    )
    asked = parser.parse_args(arguments)
    peers = [name.strip() for name in asked.peers.split(";") if name.strip()]
    cases = [name.strip() for name in asked.cases.split(",") if name.strip()]
    strange = [name for name in peers if name not in CONTESTANTS] + [name for name in cases if name not in CASES]
    if strange:
        parser.error(f"{strange[0]!r} is not known. Known: {'; '.join(CONTESTANTS)}; {', '.join(CASES)}")
    if not cases and asked.rows == parser.get_default("rows") and asked.out is None:
        asked.out = _DOCUMENT
    asked.contestants = {name: CONTESTANTS[name] for name in peers or CONTESTANTS}
    asked.contestants |= {} if asked.no_forms else {one.name: one for one in _FORMS.values()}
    asked.cases, asked.cache = cases or list(CASES), asked.cache.resolve()
    return asked


if __name__ == "__main__":
    sys.exit(main())
