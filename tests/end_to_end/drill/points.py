"""Points at which a process of the drill is killed: before or after the n-th call of a function, or when a file appears."""

from __future__ import annotations

import functools
import importlib
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Call:
    """Before or after the n-th call of a function, ``module:name`` or ``module:class.name``, from the start on."""

    function: str
    when: Literal["before", "after"]
    number: int = 1


@dataclass(frozen=True)
class File:
    """As soon as the store has a new file that meets the pattern."""

    pattern: str


# By the command that is killed, in the order of the chain, with what is the case then.
POINTS: dict[tuple[str, str], Call | File] = {
    ("create", "MLflow's migration is in its twentieth step"): Call(
        "alembic.runtime.migration:HeadMaintainer.update_to_step", "before", 20
    ),
    ("create", "MLflow's database is made and has not its name"): Call(
        "headwater.training.registry.tracking_store:_migrate", "after"
    ),
    ("create", "the table is there, its rows are not"): File("warehouse/drill.db/customers/_delta_log/*0.json"),
    ("create", "rows lie in files, and no commit names them"): File("warehouse/drill.db/customers/*.parquet"),
    ("merge", "rows lie in files, and no commit names them"): File("warehouse/drill.db/customers/*.parquet"),
    ("materialize", "rows lie in files, and no commit names them"): File("warehouse/drill.db/activity/*.parquet"),
    ("materialize", "rows are committed, the interval is not noted"): Call(
        "headwater.lakehouse:set_table_properties", "before"
    ),
    ("train", "registered, and its digest is not bound"): Call("headwater.training.registry.packaging:_bind", "before"),
    ("train", "the promotion is in its table, no alias has moved"): Call(
        "headwater.training.registry.decisions:_write", "after"
    ),
    ("train", "champion, and there is no baseline"): Call("headwater.jobs.train:_write_baseline", "before"),
    ("score", "rows lie in files, and no commit names them"): File("warehouse/drill.db/inference/*.parquet"),
    ("label", "rows are committed"): File("warehouse/drill.db/inference/_delta_log/*2.json"),
    ("monitor", "the states are stored, profiles and drift are not"): Call(
        "headwater.monitoring.refresh:stored_states", "before"
    ),
    ("monitor", "refreshed, and the decision is not kept"): Call("headwater.jobs.monitor:_keep", "before"),
    ("train again", "the former champion is the previous one, and still champion"): Call(
        "mlflow:MlflowClient.set_registered_model_alias", "after", 2
    ),
    ("train again", "champion, and its tags do not say so"): Call(
        "headwater.training.registry.decisions:_note", "before"
    ),
    ("train again", "champion, and the baseline is the former one"): Call(
        "headwater.jobs.train:_write_baseline", "before"
    ),
}

# Of states that are of one kind, CI has one; ``make drill`` goes through them all.
DRILL_ALONE = {
    ("create", "MLflow's database is made and has not its name"),
    ("merge", "rows lie in files, and no commit names them"),
    ("score", "rows lie in files, and no commit names them"),
    ("monitor", "refreshed, and the decision is not kept"),
    ("train again", "champion, and the baseline is the former one"),
}


def kill() -> None:
    """End this process and its Java at once."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
    time.sleep(60)


def arm(command: str, state: str, home: Path) -> None:
    """Let this process be killed when the command, which now begins, comes to a point."""
    point = POINTS[command, state]
    if isinstance(point, File):
        before = set(home.glob(point.pattern))
        threading.Thread(target=_watch, args=(home, point.pattern, before), daemon=True).start()
        return
    module, _, path = point.function.partition(":")
    *owners, last = path.split(".")
    owner = functools.reduce(getattr, owners, importlib.import_module(module))
    setattr(owner, last, _killing(getattr(owner, last), point))


def _killing(function: Any, point: Call) -> Any:
    calls = 0

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == point.number and point.when == "before":
            kill()
        result = function(*args, **kwargs)
        if calls == point.number:
            kill()
        return result

    return call


def _watch(home: Path, pattern: str, before: set[Path]) -> None:
    while not set(home.glob(pattern)) - before:
        time.sleep(0.001)
    kill()
