"""The embedded store's MLflow database: made and migrated as a whole or not at all, by one process at a time.

MLflow makes a fresh database in some fifty steps over 4 to 10 s. A process that is killed in between leaves a file that MLflow
never opens again, and of several processes that start on one file all but one fail. The same steps, or some of them, bring a
database of an earlier MLflow up to date. Both are done in a file of its own, which then takes the database's name.
"""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.lakehouse import store_lock
from headwater.training.errors import TrackingStoreError

if TYPE_CHECKING:
    from headwater.lakehouse import Settings

__all__ = ["make_store", "mend_store"]

_LOG = logging.getLogger("headwater.training")
_FILE = "mlflow.db"
_KEPT = {"runs": 0, "registered_models": 0, "experiments": 1}  # rows of a database that nobody has used, at most


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
        fresh = _fresh(file)
        _migrate(fresh, settings.artifacts)
        fresh.replace(file)


def mend_store(settings: Settings, reason: Exception) -> None:
    """Mend the database of the embedded store, which MLflow does not open, for the given reason.

    One that was left half made by an earlier version of Headwater, and holds nothing, is set aside and made anew; one of an
    earlier version of MLflow is migrated in a copy, which then takes its place.

    Raises
    ------
    TrackingStoreError
        Neither is possible; the file is as it was.
    """
    file = settings.home / _FILE
    with store_lock(settings.home, _FILE):
        _let_go(settings.mlflow_tracking_uri)
        if _is_unused(file):
            aside = settings.home / "set-aside" / f"{_FILE}-{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S.%f}"
            aside.parent.mkdir(parents=True, exist_ok=True)
            file.rename(aside)
            _LOG.warning(
                "MLflow's database %s was half made and held nothing: it is made anew, and lies in %s.", file, aside
            )
            make_store(settings)
            return
        fresh = _fresh(file)
        try:
            with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(fresh)) as new:
                old.backup(new)
            _upgrade(fresh)
        except Exception as error:
            fresh.unlink(missing_ok=True)
            said = str(reason).strip().splitlines() or [type(reason).__name__]
            raise TrackingStoreError(str(file), said[0]) from error
        fresh.replace(file)
        _LOG.warning("MLflow's database %s was of an earlier version of MLflow: it is migrated.", file)


def _fresh(file: Path) -> Path:
    """Return the name under which a database is made; what a killed process has left under it is gone, its journals too."""
    fresh = file.with_name(f"{_FILE}.new")
    for left in file.parent.glob(f"{fresh.name}*"):
        left.unlink()
    return fresh


def _let_go(uri: str) -> None:
    """Let MLflow open the database anew: it keeps an engine for each that it has tried to open."""
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

    for store in (Registry, Tracking):
        engine = store._engine_map.pop(uri, None)  # noqa: SLF001 - MLflow has no public way
        if engine is not None:
            engine.dispose()


def _is_unused(file: Path) -> bool:
    """Say whether a database can be read and holds no run, no model, and no experiment but the first."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            counts = {
                name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables & set(_KEPT)
            }
    except sqlite3.Error:
        return False
    return all(count <= _KEPT[name] for name, count in counts.items())


def _migrate(file: Path, artifacts: Path) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    for name in ("alembic", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)  # the migrations, line by line
    with warnings.catch_warnings():
        # SQLAlchemy 2.1 on how MLflow declares its tables, at the first use in a process.
        warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
        SqlAlchemyStore(f"sqlite:///{file}", artifacts.as_uri()).engine.dispose()  # type: ignore[no-untyped-call]


def _upgrade(file: Path) -> None:
    from mlflow.store.db.utils import _upgrade_db, create_sqlalchemy_engine

    logging.getLogger("alembic").setLevel(logging.WARNING)
    engine = create_sqlalchemy_engine(f"sqlite:///{file}")  # type: ignore[no-untyped-call]
    try:
        _upgrade_db(engine)  # type: ignore[no-untyped-call]
    finally:
        engine.dispose()
