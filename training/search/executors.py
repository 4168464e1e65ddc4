"""Where trials run: in this process one after the other, or each as one task of the session's Spark."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headwater.training.models.families import ModelFamily
from headwater.training.search.engine import Proposal, SearchEngine
from headwater.training.search.hyperopt_spark import job_group
from headwater.training.search.stopping import Stopping
from headwater.training.search.trial import Outcome, Trial, TrialData, run_trial, trial_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["Schedule", "run_here", "run_on_spark"]

_Run = Callable[[Sequence[Proposal], Sequence[float]], "Mapping[int, Outcome | None]"]


@dataclass(frozen=True)
class Schedule:
    """How many trials, how many are asked for together, when it ends early, and what is known already.

    Parameters
    ----------
    timeout
        Seconds; None: no end.
    known
        Trials of an earlier search by their numbers, whose hyperparameters may be texts, as MLflow keeps them.
    on_trial
        Called with each trial that has ended, in their order.
    """

    trials: int
    batch: int
    timeout: float | None
    stopping: Stopping
    known: Mapping[int, Trial]
    on_trial: Callable[[Trial], None] | None

    def ends(self) -> float | None:
        """Return when it ends, on the monotonic clock, if it begins now."""
        return None if self.timeout is None else time.monotonic() + self.timeout

    def known_trial(self, proposal: Proposal) -> Trial | None:
        """Return the trial that is known under the proposal's number, if it has a loss and is the proposed one."""
        trial = self.known.get(proposal.number)
        if trial is None or trial.failed or trial.family != proposal.family:
            return None
        texts = [{name: str(value) for name, value in one.params.items()} for one in (trial, proposal)]
        return replace(trial, params=proposal.params) if texts[0] == texts[1] else None


def run_here(
    engine: SearchEngine,
    attempt: Callable[[ModelFamily, Mapping[str, Any], Sequence[float]], Outcome],
    families: Mapping[str, ModelFamily],
    schedule: Schedule,
) -> list[Trial]:
    """Run trials from this thread, one after the other; after the schedule's seconds none begins any more.

    Parameters
    ----------
    attempt
        Runs a member of a family, with the bars above which it is given up, and raises nothing.
    """
    ends = schedule.ends()

    def run(proposals: Sequence[Proposal], bars: Sequence[float]) -> Mapping[int, Outcome | None]:
        done: dict[int, Outcome | None] = {}
        for one in proposals:
            late = ends is not None and time.monotonic() >= ends and bool(done or one.number)
            done[one.number] = None if late else attempt(families[one.family], one.params, bars)
        return done

    return _batches(engine, run, schedule, ends)


def run_on_spark(
    spark: SparkSession,
    engine: SearchEngine,
    data: TrialData,
    families: Mapping[str, ModelFamily],
    schedule: Schedule,
    *,
    parallelism: int,
) -> list[Trial]:
    """Run trials as Spark tasks, `parallelism` at a time; after the schedule's seconds those that run are cancelled.

    The data reach each worker once, as a broadcast. A trial is one job of one task: some 0.1 s of overhead, and the next begins
    as soon as one ends.
    """
    context = spark.sparkContext
    broadcast = context.broadcast(data)
    ends = schedule.ends()

    def task(proposal: Proposal, bars: Sequence[float]) -> Outcome:
        family, params = families[proposal.family], proposal.params

        def attempt(rows: Any) -> Any:
            list(rows)  # read to the end, or PySpark throws the worker away
            yield run_trial(broadcast.value, family, params, bars)

        found: list[Outcome] = context.parallelize([0], 1).mapPartitions(attempt).collect()
        return found[0]

    with job_group(context), ThreadPoolExecutor(parallelism, thread_name_prefix="trial") as pool:
        group = str(context.getLocalProperty("spark.jobGroup.id"))

        def in_group(proposal: Proposal, bars: Sequence[float]) -> Outcome:
            context.setJobGroup(group, "hyperparameter search", interruptOnCancel=True)
            return task(proposal, bars)

        def run(proposals: Sequence[Proposal], bars: Sequence[float]) -> Mapping[int, Outcome | None]:
            futures = {pool.submit(in_group, one, bars): one.number for one in proposals}
            return _finished(futures, ends, lambda: context.cancelJobGroup(group))

        try:
            return _batches(engine, run, schedule, ends)
        finally:
            broadcast.destroy()


def _finished(
    futures: Mapping[Future[Outcome], int], ends: float | None, cancel: Callable[[], None]
) -> Mapping[int, Outcome | None]:
    """Return the outcomes by trial, None for a trial that was cancelled because the time was over."""
    done: dict[int, Outcome | None] = {}
    pending = set(futures)
    while pending:
        left = None if ends is None else max(0.0, ends - time.monotonic())
        finished, pending = wait(pending, left, FIRST_COMPLETED)
        for one in finished:
            done[futures[one]] = one.result()
        if pending and ends is not None and time.monotonic() >= ends:
            for one in pending:
                one.cancel()
            cancel()
            wait(pending)
            done |= {futures[one]: None for one in pending}
            break
    return done


def _batches(engine: SearchEngine, run: _Run, schedule: Schedule, ends: float | None) -> list[Trial]:
    """Ask, run and tell batch by batch, in the order of the trials: so the same seed gives the same at any parallelism."""
    records: list[Trial] = []
    while len(records) < schedule.trials and not schedule.stopping.is_over(records):
        proposals = [engine.ask() for _ in range(min(schedule.batch, schedule.trials - len(records)))]
        done = {one.number: trial for one in proposals if (trial := schedule.known_trial(one)) is not None}
        outcomes = run([one for one in proposals if one.number not in done], schedule.stopping.bars(records))
        for one in proposals:
            record = done.get(one.number) or trial_of(one.number, one.family, one.params, outcomes[one.number])
            engine.tell(one.number, record.loss)
            records.append(record)
            if schedule.on_trial is not None and record.status != "cancelled":
                schedule.on_trial(record)
        if ends is not None and time.monotonic() >= ends:
            break
    return records
