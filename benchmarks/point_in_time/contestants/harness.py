"""Runs one contestant and times it: the part that every contestant's program shares. Standard library only."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import time
from importlib import metadata
from pathlib import Path


def compete(make, distributions):
    """Time a contestant as the command line says, write its result as Parquet, and print one line of JSON.

    Arguments: folder of the shape, folder for results, sink, repeats, seconds after which no repeat begins, form.
    """
    folder, out, sink, repeats, budget, form = sys.argv[1:7]
    if sink == "cases":
        return answer_cases(make, distributions, Path(folder), Path(out), repeats.split(","), form)
    spec = json.loads((Path(folder) / "spec.json").read_text())
    contestant = make(spec, Path(folder), Path(out) / "store", form)
    seconds, cpu, result = [], [], None
    began = time.perf_counter()
    target = Path(out) / "result"
    for done in range(int(repeats) + 1):  # the first is cold
        shutil.rmtree(target, ignore_errors=True)
        result = None
        processor, start = tree_cpu(), time.perf_counter()
        result = contestant(sink, target)
        seconds.append(time.perf_counter() - start)
        cpu.append(tree_cpu() - processor)
        if done and time.perf_counter() - began > float(budget):
            break
    if result is not None:
        target.mkdir(exist_ok=True)
        result.to_parquet(target / "part-0.parquet", index=False)
    profile = getattr(contestant, "profile", None)
    told = profile(sink, Path(out) / "profiled") if profile is not None and int(repeats) else {}
    versions = {name: metadata.version(name) for name in distributions}
    versions["Python"] = platform.python_version()
    report = {"seconds": seconds, "cpu": cpu, "versions": versions, "profile": told}
    print("\n" + json.dumps(report), flush=True)
    return None


class InexpressibleError(Exception):
    """A contestant has no way to say what is asked; the message says why."""


def time_zone(spec):
    """Return the time zone of the session that a case asks for."""
    return spec.get("time_zone", "UTC")


def answer_cases(make, distributions, folder, out, names, form):
    """Write a contestant's result of each case into a folder of its name, and print a line of JSON for each.

    The process takes the case's time zone, for what goes by that of the process.
    """
    for name in names:
        told = {"case": name, "versions": {one: metadata.version(one) for one in distributions}}
        try:
            spec = json.loads((folder / name / "spec.json").read_text())
            os.environ["TZ"] = time_zone(spec)
            time.tzset()
            make(spec, folder / name, out / "store", form)("parquet", out / name)
        except InexpressibleError as error:
            told["cannot"] = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it fails with is its answer
            told["error"] = f"{type(error).__name__}: {error}"
        print("\n" + json.dumps(told), flush=True)


def tree_cpu():
    """Return processor seconds of this process and all under it; those of children that ended count as the parent's."""
    return sum(one[0] for one in tree(os.getpid()))


def tree(pid):
    """Return (processor seconds, resident bytes) of each process of a tree; only this one's where there is no /proc."""
    if not Path("/proc").is_dir():
        import resource

        use = resource.getrusage(resource.RUSAGE_SELF)
        return [(use.ru_utime + use.ru_stime, use.ru_maxrss)]
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    parents, numbers = {}, {}
    for entry in (path.name for path in Path("/proc").iterdir()):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry))
            numbers[int(entry)] = (sum(map(int, fields[11:15])) / ticks, int(fields[21]) * page)
    found, pending = [], [pid]
    while pending:
        one = pending.pop()
        found += [numbers[one]] if one in numbers else []
        pending += parents.get(one, [])
    return found
