"""What SparkTrials is given in place of the plain session; see :mod:`headwater.training.search.search` for the reasons."""

from __future__ import annotations

import contextlib
import logging
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from headwater import lakehouse

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["DrainingSession", "classic_session", "job_group", "quiet"]


def classic_session() -> SparkSession | str:
    """Return this process's classic session, or what there is instead."""
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is None:
        return "no active Spark session"
    if lakehouse.is_connect(session):
        return "a Spark Connect session"
    return session


class DrainingSession:
    """The session as SparkTrials sees it: its tasks read their input to the end, so that their worker is kept."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark, self.sparkContext = spark, _DrainingContext(spark.sparkContext)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._spark, name)


class _DrainingContext:
    def __init__(self, context: Any) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def parallelize(self, values: Sequence[Any], slices: int | None = None) -> Any:
        return _DrainingTasks(self._context.parallelize(values, slices))


class _DrainingTasks:
    def __init__(self, rdd: Any) -> None:
        self._rdd = rdd

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rdd, name)

    def withResources(self, profile: Any) -> _DrainingTasks:  # noqa: N802 - PySpark's own name
        return _DrainingTasks(self._rdd.withResources(profile))

    def mapPartitions(self, run: Callable[[Iterator[Any]], Iterator[Any]]) -> Any:  # noqa: N802 - PySpark's own name
        def drained(rows: Iterator[Any]) -> Iterator[Any]:
            return run(iter(list(rows)))

        return self._rdd.mapPartitions(drained)


@contextlib.contextmanager
def job_group(context: Any) -> Iterator[None]:
    """Give the jobs a group of their own, and the caller its group back."""
    keys = ("spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel")
    before = {key: context.getLocalProperty(key) for key in keys}
    context.setLocalProperty(keys[0], f"headwater-search-{uuid.uuid4().hex[:8]}")
    context.setLocalProperty(keys[1], "hyperparameter search")
    try:
        yield
    finally:
        for key, value in before.items():
            context.setLocalProperty(key, value)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence hyperopt's log, which repeats failed trials' traces, and a warning about tags that nobody set."""
    logger = logging.getLogger("hyperopt-spark")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Spark session is not provided", category=UserWarning)
            yield
    finally:
        logger.setLevel(level)
