"""Other writers: what is done again if one of them was faster."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.errors import PySparkException

__all__ = ["tried_again"]

_TRIES = 6


def tried_again(verb: Callable[[], object]) -> None:
    """Do it, and again if another writer's commit came first: each try reads the table anew."""
    import delta.exceptions  # noqa: F401 - from its import on, PySpark knows Delta's conflicts
    from pyspark.errors import PySparkException

    for attempt in range(_TRIES):
        try:
            verb()
        except PySparkException as error:
            if attempt == _TRIES - 1 or not _is_conflict(error):
                raise
            time.sleep(random.uniform(0.1, 0.4) * 2**attempt)
        else:
            return


def _is_conflict(error: PySparkException) -> bool:
    """Say whether another writer was faster, by the exception or its condition, which is all that Spark Connect gives."""
    from delta import exceptions as conflicts

    # Delta's conflicts are siblings in Python, not one family as in Java.
    kinds = (
        conflicts.ConcurrentAppendException,
        conflicts.ConcurrentDeleteDeleteException,
        conflicts.ConcurrentDeleteReadException,
        conflicts.ConcurrentTransactionException,
        conflicts.ConcurrentWriteException,
        conflicts.DeltaConcurrentModificationException,
        conflicts.MetadataChangedException,
        conflicts.ProtocolChangedException,
    )
    conditions = ("DELTA_CONCURRENT_", "DELTA_METADATA_CHANGED", "DELTA_PROTOCOL_CHANGED")
    return isinstance(error, kinds) or str(error.getCondition() or "").startswith(conditions)
