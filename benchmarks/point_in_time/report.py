"""The figures as text: for the terminal, and as docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import statistics
from pathlib import Path
from typing import Any

__all__ = ["document", "machine", "profiles", "table"]

_HEAD = (
    "| | min s | median s | max s | CPU s | peak GiB | against union and window | against DuckDB | rows |",
    "|---|---:|---:|---:|---:|---:|---:|---:|---|",
)
_BEGIN = """# Benchmarks

Written by `python -m benchmarks.point_in_time`; do not edit. Each contestant runs as a process of its own on the same Parquet
files, peers from PyPI in environments of the benchmark's own. A run reads the label rows, joins, and gives all columns as a
pandas DataFrame or as Parquet files; starting Spark and filling our feature tables are not counted, nor is the first run of
each where there are others. CPU seconds (median) are those of the whole process tree; peak memory is its resident memory, with
pages that processes share counted for each. Ratios are of median seconds: other's time by the contestant's, so that 4× is
four times as fast. *Rows*: every result is compared with the right answer, value by value.

Three lines have *no join*, and say what is the least on Spark: to read a result that is there and give it back, which all have to
that end in Spark; to shuffle the feature rows before, by their keys, which all have to that move them; and to hand these to
Python workers, which all have to that match them there. The time of union and window by theirs is the most that such forms can
win.

*Where the time goes*: one more run of each that uses Spark, by Spark's own metrics. *Clock*: seconds of the run, of which
*outside jobs* went by while Spark had none: what the driver checks and plans, and all that is looked up in process. *Tasks*:
seconds of all tasks, which run side by side, so that they are up to twice the clock's on two cores; of them *scan*, *sort*,
*Python* (workers, with what they wait for) and *GC*. The rest of them is Spark's generated code: rows are made, hashed, copied
into the shuffle and out of it, and written as Parquet. *Shuffled* and *to Python* are MiB.
"""
_AIMS = (  # who of ours, how many times as fast as whom, and what nobody can be faster than who does it in that way
    ("ours, embedded", 4.0, "union and window", "the result alone, on Spark"),
    ("ours, Spark forms", 1.5, "union and window", "the result, and the rows shuffled to Python, on Spark"),
    ("ours, embedded", 0.4, "DuckDB", ""),
    ("ours, embedded", 10.0, "Feast, Spark store", "the result alone, on Spark"),
    ("ours, Spark forms", 10.0, "Feast, Spark store", "the result, and the rows shuffled to Python, on Spark"),
)
_SMALL_SPINE = 5.0
_GROWING = ("one_million", "ten_million", "hundred_million")
_PROFILE = {
    "wall": "clock",
    "outside": "outside jobs",
    "tasks": "tasks",
    "scan": "scan",
    "sort": "sort",
    "python": "Python",
    "gc": "GC",
    "shuffled_mib": "shuffled",
    "to_python_mib": "to Python",
}


def machine() -> dict[str, Any]:
    """Return what the machine is."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 1),
    }


def table(outcomes: dict[str, dict[str, Any]], labels: int) -> list[str]:
    """Return the lines of one sink's table."""
    medians = {name: statistics.median(_warm(one)) for name, one in outcomes.items() if one["seconds"]}
    lines = list(_HEAD)
    for name, one in outcomes.items():
        if not one["seconds"]:
            lines.append(f"| {name} | | | | | {one['peak_bytes'] / 2**30:.1f} | | | {one['error']} |")
            continue
        warm = _warm(one)
        ratios = [
            f"{medians[other] / medians[name]:.1f}×" if other in medians else ""
            for other in ("union and window", "DuckDB")
        ]
        rate = f" ({labels / medians[name]:,.0f} rows/s)" if labels >= 1_000_000 else ""
        cpu = statistics.median(one["cpu"][1:] or one["cpu"])
        called = name if one["seconds"][1:] else f"{name} (first run)"
        lines.append(
            f"| {called} | {min(warm):.2f} | {medians[name]:.2f}{rate} | {max(warm):.2f} | {cpu:.1f} | "
            f"{one['peak_bytes'] / 2**30:.1f} | {ratios[0]} | {ratios[1]} | {one['rows'] or 'right'} |"
        )
    return lines


def profiles(outcomes: dict[str, dict[str, Any]]) -> list[str]:
    """Return the lines of the table of where the time goes; none if nobody was profiled."""
    told = {name: one["profile"] for name, one in outcomes.items() if one.get("profile")}
    if not told:
        return []
    rows = [
        " | ".join(f"{one[figure]:,.0f}" if figure.endswith("mib") else f"{one[figure]:.2f}" for figure in _PROFILE)
        for one in told.values()
    ]
    return [
        f"| Where the time goes | {' | '.join(_PROFILE.values())} |",
        "|---|" + "---:|" * len(_PROFILE),
        *[f"| {name} | {row} |" for name, row in zip(told, rows, strict=True)],
    ]


def document(results: dict[str, Any]) -> str:
    """Return docs/benchmarks.md for all results of docs/benchmarks.json."""
    lines = [_BEGIN, *_aims(results)]
    for shape in results.values():
        lines += [f"## {shape['title']}", "", _circumstances(shape)]
        for sink, outcomes in shape["sinks"].items():
            lines += [
                "",
                f"To {'pandas' if sink == 'pandas' else 'Parquet files'}:",
                "",
                *table(outcomes, shape["labels"]),
            ]
            told = profiles(outcomes)
            lines += ["", *told] if told else []
        lines.append("")
    lines += _growth(results)
    versions: dict[str, str] = {}
    for shape in results.values():
        for outcomes in shape["sinks"].values():
            for one in outcomes.values():
                versions |= one["versions"]
    lines += ["## Versions", "", ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) + ".", ""]
    return "\n".join(lines)


def _circumstances(shape: dict[str, Any]) -> str:
    where = shape["machine"]
    machine = f"{where['processor']}, {where['cores']} cores, {where['memory_gib']} GiB, {where['system']}"
    return f"{machine}; {shape['when']}, load {where['load']} at the start; {shape['repeats']} repeats."


def _aims(results: dict[str, Any]) -> list[str]:
    """Return what was aimed at, what is reached, and what is the most that can be, for each shape and sink."""
    heads = [f"{ours}, {aim:g}× {other}" for ours, aim, other, _ in _AIMS]
    lines = [
        "## Aims",
        "",
        f"How many times as fast as others, and as was aimed at; with a small spine {_SMALL_SPINE:g}× union and window. Where",
        "it is *below*, *at most* says what can be won at all, by the lines without a join. Medians of few runs may stand a",
        "tenth above that.",
        "",
        f"| | {' | '.join(heads)} |",
        "|---|" + "---|" * len(_AIMS),
    ]
    for called, shape in results.items():
        for sink, outcomes in shape["sinks"].items():
            medians = {name: statistics.median(_warm(one)) for name, one in outcomes.items() if one["seconds"]}
            cells = [
                _reached(medians, ours, _aim(called, aim, other), other, floor) for ours, aim, other, floor in _AIMS
            ]
            if any(cells):
                lines.append(f"| {shape['title'].partition(':')[0]}, to {sink} | {' | '.join(cells)} |")
    return [*lines, ""]


def _aim(shape: str, aim: float, other: str) -> float:
    return _SMALL_SPINE if (shape, other) == ("small_spine", "union and window") else aim


def _reached(medians: dict[str, float], ours: str, aim: float, other: str, floor: str) -> str:
    if ours not in medians or other not in medians:
        return ""
    ratio = round(medians[other] / medians[ours], 1)
    if ratio >= aim:
        return f"{ratio:.1f}×"
    most = round(medians[other] / medians[floor], 1) if floor in medians else 0.0
    return f"{ratio:.1f}×, below" + (f", at most {most:.1f}×" if most >= ratio else "")


def _growth(results: dict[str, Any]) -> list[str]:
    """Return how the time grows over the shapes that are alike but for their rows, and what several tables cost beside one."""
    lines = []
    growing = [(name, results[name]) for name in _GROWING if name in results]
    if len(growing) > 1:
        lines += ["## Growth: ten times the rows", "", "| rows | median s | times the one before |", "|---|---:|---:|"]
        before = None
        for name, shape in growing:
            runs = shape["sinks"]["parquet"].get("ours, Spark forms", {}).get("seconds", [])
            seconds = statistics.median(_warm({"seconds": runs})) if runs else None
            said = "" if seconds is None else f"{seconds:.2f}" + (" (first run)" if len(runs) == 1 else "")
            ratio = f"{seconds / before:.1f}×" if seconds and before else ""
            lines.append(f"| {name.replace('_', ' ')} | {said} | {ratio} |")
            before = seconds
        lines.append("")
    if {"medium", "five_tables"} <= set(results):
        lines += ["## Five tables beside one", "", "| | times the median of one |", "|---|---:|"]
        one, five = (results[name]["sinks"]["parquet"] for name in ("medium", "five_tables"))
        for name in one:
            if name in five and one[name]["seconds"] and five[name]["seconds"]:
                ratio = statistics.median(_warm(five[name])) / statistics.median(_warm(one[name]))
                lines.append(f"| {name} | {ratio:.1f}× |")
        lines.append("")
    return lines


def _warm(one: dict[str, Any]) -> list[float]:
    return one["seconds"][1:] or one["seconds"]
