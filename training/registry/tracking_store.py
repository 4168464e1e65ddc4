"""The embedded store's MLflow database: made as a whole or not at all, by one process at a time.

MLflow makes a fresh database in some fifty steps over 4 to 10 s. A process that is killed in between leaves a file that MLflow
never opens again, and of several processes that start on one file all but one fail.
"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.lakehouse import store_lock

if TYPE_CHECKING:
    from headwater.lakehouse import Settings

__all__ = ["make_store"]

_FILE = "mlflow.db"


def make_store(settings: Settings) -> None:
    """Make the MLflow database of the embedded store if it is not there; nothing for a tracking server.

    It is made in a file of its own, which then takes the database's name. Other processes wait for it. Takes 4 to 10 s once,
    later a file's existence is looked at.
    """
    file = settings.home / _FILE
    if settings.tracking_uri or file.exists():
        return
    with store_lock(settings.home, _FILE):
        if file.exists():
            return
        fresh = file.with_name(f"{_FILE}.new")
        for left in settings.home.glob(f"{fresh.name}*"):  # of a process that was killed here; its journals too
            left.unlink()
        _migrate(fresh, settings.artifacts)
        fresh.replace(file)


def _migrate(file: Path, artifacts: Path) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)  # the migrations, line by line
    with warnings.catch_warnings():
        # SQLAlchemy 2.1 on how MLflow declares its tables, at the first use in a process.
        warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
        SqlAlchemyStore(f"sqlite:///{file}", artifacts.as_uri()).engine.dispose()  # type: ignore[no-untyped-call]
