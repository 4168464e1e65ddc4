"""The whole project, from raw data to drift report: history, training, then step by step through the autumn."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from examples.flights.project import project
from examples.flights.record import Record
from examples.flights.served import serve_a_day
from headwater import Project, jobs, lakehouse
from headwater.jobs import JobResult
from headwater.outcome import REFUSED
from headwater.progress import say

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BEGIN = dt.datetime(2012, 12, 31, tzinfo=dt.UTC)
HOLDOUT = dt.datetime(2013, 9, 1, tzinfo=dt.UTC)
LIVE = dt.datetime(2013, 10, 1, tzinfo=dt.UTC)
END = dt.datetime(2014, 1, 1, tzinfo=dt.UTC)
# A day whose flights are asked one by one over HTTP.
SERVED = (dt.datetime(2013, 12, 20, tzinfo=dt.UTC), dt.datetime(2013, 12, 21, tzinfo=dt.UTC))
# A retraining judges on its newest month; the next one waits until as much has happened again.
NEWEST = dt.timedelta(days=28)


@dataclass
class Demo:
    """Runs the jobs in order and remembers what each took.

    Each job that is done is written down in the store: a demo that was interrupted or killed goes on from the job it was at. One
    that came to its end starts over.
    """

    step: dt.timedelta
    project: Project = project
    begin: dt.datetime = BEGIN
    holdout: dt.datetime = HOLDOUT
    live: dt.datetime = LIVE
    served: tuple[dt.datetime, dt.datetime] | None = None  # whose flights are asked from an endpoint in the end
    results: list[tuple[str, JobResult]] = field(default_factory=list)
    retrained: dt.datetime = BEGIN

    def run(self, until: dt.datetime = END, *, anew: bool = False) -> list[tuple[str, JobResult]]:
        """Run everything until a time that is not done yet; with `anew`, everything.

        Run again after its end, it gives the same tables, and one more training run.
        """
        began = time.monotonic()
        spark = lakehouse.session()
        self._record = Record(lakehouse.settings_of(spark).home / f"demo-{self.project.name}.json")
        if anew:
            self._record.forget()
        self._done("start", JobResult("start", 0, time.monotonic() - began, "Spark session on .headwater/"))
        self._job("history", jobs.land, spark, self.begin, self.live)
        self._job("history", jobs.materialize, spark, self.begin, self.live)
        self._train("history", spark, self.holdout, self.live, "first model")
        for start, end in steps(self.live, until, self.step):
            self._live(spark, start, end)
        if self.served is not None:
            self._job("served", serve_a_day, spark, *self.served)
        self._record.forget()
        return self.results

    def _live(self, spark: SparkSession, start: dt.datetime, end: dt.datetime) -> None:
        phase = f"{start:%d %b}"
        for job in (jobs.land, jobs.materialize, jobs.score, jobs.label):
            self._job(phase, job, spark, start, end)
        monitored = self._job(phase, _monitor, spark, start - dt.timedelta(days=1), end)
        if monitored.code == REFUSED and end - self.retrained >= NEWEST:
            self.retrained = end
            self._train(phase, spark, end - NEWEST, end, monitored.detail)

    def _train(self, phase: str, spark: SparkSession, holdout: dt.datetime, end: dt.datetime, reason: str) -> None:
        def train(spark: SparkSession, project: Project, holdout: dt.datetime, end: dt.datetime) -> JobResult:
            return jobs.train(spark, project, self.begin, holdout, end, reason=reason, progress=say).job

        self._job(phase, train, spark, holdout, end)

    def _job(
        self, phase: str, job: Callable[..., JobResult], spark: SparkSession, start: dt.datetime, end: dt.datetime
    ) -> JobResult:
        """Run a job over an interval, or take what it said when it was done."""
        key = f"{job.__name__} {start:%Y-%m-%dT%H:%M} {end:%Y-%m-%dT%H:%M}"
        result = self._record.find(key)
        if result is not None:
            self.results.append((phase, result))
            say(f"{phase} {result.step}", "done before the interruption")
            return result
        result = job(spark, self.project, start, end)
        self._record.keep(key, result)
        self._done(phase, result)
        return result

    def _done(self, phase: str, result: JobResult) -> None:
        self.results.append((phase, result))
        say(f"{phase} {result.step}", f"{result.rows:,} rows in {result.seconds:.1f} s. {result.detail}")


def _monitor(spark: SparkSession, project: Project, start: dt.datetime, end: dt.datetime) -> JobResult:
    return jobs.monitor(spark, project, start, end).job


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
        name = result.step if phase in ("start", "history", "served") else f"{result.step}, step by step"
        often, rows, seconds = summed.get(name, (0, 0, 0.0))
        summed[name] = (often + 1, rows + result.rows, seconds + result.seconds)
    return [(name, *numbers) for name, numbers in summed.items()]
