"""Jobs side by side: a small job is mostly waiting, for the driver's planning and for commits."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["side_by_side"]

T = TypeVar("T")


def side_by_side(spark: SparkSession, *jobs: Callable[[], T]) -> list[T]:
    """Return what the jobs return, in their order, once all have ended.

    If jobs fail, the first one's error is raised, with a note of each other's.

    Examples
    --------
    >>> side_by_side(spark, lambda: 1, lambda: 2)
    [1, 2]
    """
    from pyspark import inheritable_thread_target

    with ThreadPoolExecutor(len(jobs)) as pool:
        futures = [pool.submit(inheritable_thread_target(spark)(job)) for job in jobs]
    errors = [error for future in futures if (error := future.exception()) is not None]
    if errors:
        for other in errors[1:]:
            errors[0].add_note(f"Another job beside it failed, too: {other!r}")
        raise errors[0]
    return [future.result() for future in futures]
