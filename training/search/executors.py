"""Where trials run: in this process one after the other, or each as one task of the session's Spark."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from headwater.training.models.families import ModelFamily
from headwater.training.search.engine import Proposal, SearchEngine
from headwater.training.search.hyperopt_spark import job_group
from headwater.training.search.trial import Outcome, Trial, TrialData, run_trial, trial_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["run_here", "run_on_spark"]

_Run = Callable[[Sequence[Proposal]], "Mapping[int, Outcome | None]"]


def run_here(
    engine: SearchEngine,
    data: TrialData,
    families: Mapping[str, ModelFamily],
    *,
    trials: int,
    batch: int,
    timeout: float | None,
    on_trial: Callable[[Trial], None] | None,
) -> list[Trial]:
    """Run trials in this process, one after the other; after `timeout` seconds none begins any more."""
    ends = None if timeout is None else time.monotonic() + timeout

    def run(proposals: Sequence[Proposal]) -> Mapping[int, Outcome | None]:
        done: dict[int, Outcome | None] = {}
        for one in proposals:
            late = ends is not None and time.monotonic() >= ends and bool(done or one.number)
            done[one.number] = None if late else run_trial(data, families[one.family], one.params)
        return done

    return _batches(engine, run, trials, batch, ends, on_trial)


def run_on_spark(
    spark: SparkSession,
    engine: SearchEngine,
    data: TrialData,
    families: Mapping[str, ModelFamily],
    *,
    trials: int,
    batch: int,
    parallelism: int,
    timeout: float | None,
    on_trial: Callable[[Trial], None] | None,
) -> list[Trial]:
    """Run trials as Spark tasks, `parallelism` at a time; after `timeout` seconds those that run are cancelled.

    The data reach each worker once, as a broadcast. A trial is one job of one task: some 0.1 s of overhead, and the next begins
    as soon as one ends.
    """
    context = spark.sparkContext
    broadcast = context.broadcast(data)
    ends = None if timeout is None else time.monotonic() + timeout

    def task(proposal: Proposal) -> Outcome:
        family, params = families[proposal.family], proposal.params

        def attempt(rows: Any) -> Any:
            list(rows)  # read to the end, or PySpark throws the worker away
            yield run_trial(broadcast.value, family, params)

        found: list[Outcome] = context.parallelize([0], 1).mapPartitions(attempt).collect()
        return found[0]

    with job_group(context), ThreadPoolExecutor(parallelism, thread_name_prefix="trial") as pool:
        group = str(context.getLocalProperty("spark.jobGroup.id"))

        def in_group(proposal: Proposal) -> Outcome:
            context.setJobGroup(group, "hyperparameter search", interruptOnCancel=True)
            return task(proposal)

        def run(proposals: Sequence[Proposal]) -> Mapping[int, Outcome | None]:
            futures = {pool.submit(in_group, one): one.number for one in proposals}
            return _finished(futures, ends, lambda: context.cancelJobGroup(group))

        try:
            return _batches(engine, run, trials, batch, ends, on_trial)
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


def _batches(
    engine: SearchEngine,
    run: _Run,
    trials: int,
    batch: int,
    ends: float | None,
    on_trial: Callable[[Trial], None] | None,
) -> list[Trial]:
    """Ask, run and tell batch by batch, in the order of the trials: so the same seed gives the same at any parallelism."""
    records: list[Trial] = []
    while len(records) < trials:
        proposals = [engine.ask() for _ in range(min(batch, trials - len(records)))]
        outcomes = run(proposals)
        for one in proposals:
            record = trial_of(one.number, one.family, one.params, outcomes[one.number])
            engine.tell(one.number, record.loss)
            records.append(record)
            if on_trial is not None and record.status != "cancelled":
                on_trial(record)
        if ends is not None and time.monotonic() >= ends:
            break
    return records
