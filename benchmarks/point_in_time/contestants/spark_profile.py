# ruff: noqa: SLF001 - Spark has no public way to its metrics
"""Where the time of a run on Spark goes, by Spark's own metrics; for what runs in this process, by what is left of the clock."""

from __future__ import annotations

import re
import time

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "B": 2**-20, "KiB": 2**-10, "MiB": 1, "GiB": 2**10}
_SQL = {  # figure, and the metrics of the plan's nodes that add up to it
    "scan": ("scan time",),
    "sort": ("sort time",),
    "python": ("time to run Python workers",),
    "to_python_mib": ("data sent to Python workers",),
    "shuffled_mib": ("shuffle bytes written",),
}


def profiled(spark, run):
    """Return seconds (and MiB) of one run: wall, outside Spark's jobs, of all tasks and of what they do.

    Tasks run side by side, so that their seconds are up to as many times the clock's as there are cores.
    """
    state, core = spark._jsparkSession.sharedState().statusStore(), spark.sparkContext._jsc.sc().statusStore()
    before = max((one.executionId() for one in _items(state.executionsList())), default=-1)  # Spark forgets old ones
    began, start = time.time(), time.perf_counter()
    run()
    wall = time.perf_counter() - start
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
    found = dict.fromkeys(_SQL, 0.0)
    for execution in (one for one in _items(state.executionsList()) if one.executionId() > before):
        values = state.executionMetrics(execution.executionId())
        for node in _items(state.planGraph(execution.executionId()).allNodes()):
            for metric in _items(node.metrics()):
                value = values.get(metric.accumulatorId())
                for figure, names in _SQL.items():
                    if metric.name() in names and value.isDefined():
                        found[figure] += _number(str(value.get()))
    jobs = [(job.submissionTime(), job.completionTime()) for job in _items(core.jobsList(None))]
    spans = [(a.get().getTime() / 1000, b.get().getTime() / 1000) for a, b in jobs if a.isDefined() and b.isDefined()]
    busy = _covered([span for span in spans if span[0] >= began - 0.001])
    stages = [s for s in _stages(spark, core) if s.submissionTime().isDefined()]
    stages = [s for s in stages if s.submissionTime().get().getTime() / 1000 >= began - 0.001]
    return {
        "wall": wall,
        "outside": max(0.0, wall - busy),
        "tasks": sum(s.executorRunTime() for s in stages) / 1000,
        "gc": sum(s.jvmGcTime() for s in stages) / 1000,
        **found,
    }


def _stages(spark, core):
    gateway = spark.sparkContext._gateway
    quantiles = gateway.new_array(gateway.jvm.double, 0)
    return _items(core.stageList(gateway.jvm.java.util.ArrayList(), False, False, quantiles, None))


def _items(sequence):
    iterator, found = sequence.iterator(), []
    while iterator.hasNext():
        found.append(iterator.next())
    return found


def _number(text):
    """Return a metric's total in seconds or MiB, out of ``12 ms`` or ``total (min, med, max …)`` and a second line.

    Examples
    --------
    >>> _number("total (min, med, max (stageId: taskId))\\n1.5 m (1 s, 2 s, 3 s (stage 3.0: task 5))")
    90.0
    """
    found = re.match(r"([\d.,]+)(?: (\w+))?", text.splitlines()[-1])
    return float(found[1].replace(",", "")) * _UNITS.get(found[2], 1)


def _covered(spans):
    """Return how many seconds lie in at least one of the spans."""
    total, end = 0.0, 0.0
    for start, stop in sorted(spans):
        total += max(0.0, stop - max(start, end))
        end = max(end, stop)
    return total
