"""The whole project, from raw data to drift report: history, training, then step by step through the autumn."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from examples.flights.project import project
from headwater import jobs, lakehouse
from headwater.jobs import JobResult
from headwater.progress import say

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BEGIN = dt.datetime(2012, 12, 31, tzinfo=dt.UTC)
HOLDOUT = dt.datetime(2013, 9, 1, tzinfo=dt.UTC)
LIVE = dt.datetime(2013, 10, 1, tzinfo=dt.UTC)
END = dt.datetime(2014, 1, 1, tzinfo=dt.UTC)
# A retraining judges on its newest month; the next one waits until as much has happened again.
NEWEST = dt.timedelta(days=28)


@dataclass
class Demo:
    """Runs the jobs in order and remembers what each took."""

    step: dt.timedelta
    results: list[tuple[str, JobResult]] = field(default_factory=list)
    retrained: dt.datetime = BEGIN

    def run(self, until: dt.datetime = END) -> list[tuple[str, JobResult]]:
        """Run everything until a time; run again, it gives the same tables, and one more training run."""
        began = time.monotonic()
        spark = lakehouse.session()
        self._done("start", JobResult("start", 0, time.monotonic() - began, "Spark session on .headwater/"))
        self._job("history", lambda: jobs.land(spark, project, BEGIN, LIVE))
        self._job("history", lambda: jobs.materialize(spark, project, BEGIN, LIVE))
        self._job(
            "history", lambda: jobs.train(spark, project, BEGIN, HOLDOUT, LIVE, reason="first model", progress=say).job
        )
        for start, end in steps(LIVE, until, self.step):
            self._live(spark, start, end)
        return self.results

    def _live(self, spark: SparkSession, start: dt.datetime, end: dt.datetime) -> None:
        phase = f"{start:%d %b}"
        self._job(phase, lambda: jobs.land(spark, project, start, end))
        self._job(phase, lambda: jobs.materialize(spark, project, start, end))
        self._job(phase, lambda: jobs.score(spark, project, start, end))
        self._job(phase, lambda: jobs.label(spark, project, start, end))
        outcome = jobs.monitor(spark, project, start - dt.timedelta(days=1), end)
        self._done(phase, outcome.job)
        if outcome.decision.retrain and end - self.retrained >= NEWEST:
            self.retrained = end
            reason = outcome.decision.reason
            self._job(
                phase, lambda: jobs.train(spark, project, BEGIN, end - NEWEST, end, reason=reason, progress=say).job
            )

    def _job(self, phase: str, job: Callable[[], JobResult]) -> None:
        self._done(phase, job())

    def _done(self, phase: str, result: JobResult) -> None:
        self.results.append((phase, result))
        say(f"{phase} {result.step}", f"{result.rows:,} rows in {result.seconds:.1f} s. {result.detail}")


def steps(start: dt.datetime, end: dt.datetime, length: dt.timedelta) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """Yield the intervals of a length from start to end; a rest of less than half a length goes to the last one."""
    while start < end:
        until = start + length if end - start >= 1.5 * length else end
        yield start, until
        start = until


def totals(results: list[tuple[str, JobResult]]) -> list[tuple[str, int, int, float]]:
    """Return per job of each phase, history or steps: name, how often, rows, seconds."""
    summed: dict[str, tuple[int, int, float]] = {}
    for phase, result in results:
        name = result.step if phase in ("start", "history") else f"{result.step}, step by step"
        often, rows, seconds = summed.get(name, (0, 0, 0.0))
        summed[name] = (often + 1, rows + result.rows, seconds + result.seconds)
    return [(name, *numbers) for name, numbers in summed.items()]
