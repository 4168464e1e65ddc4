"""Folders of the embedded warehouse that hold no readable table: found from their files alone, without Spark.

A table is a folder with a Delta log. A process that is killed, or a full disk, may leave a folder whose log has no commit, or
a commit that is cut short. Such a folder costs its own table alone; :func:`set_aside` moves it out of the way.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headwater.lakehouse.locks import lock_of_table
from headwater.lakehouse.names import is_plain_name
from headwater.lakehouse.warehouse.layout import database_of, schema_folders

__all__ = [
    "DamagedFolder",
    "damaged_folders",
    "examine_table",
    "has_commit",
    "has_data",
    "set_aside",
    "set_damaged_aside",
]

_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.(?:parquet|json)")
_UNFINISHED = "its Delta log has no commit: its creation did not finish, or another process is creating it now"
_IN_FLIGHT = 60  # seconds without a new file after which nobody writes it any more


@dataclass(frozen=True)
class DamagedFolder:
    """A folder of the warehouse that holds no readable table.

    Attributes
    ----------
    name
        ``catalog.schema.table``, or ``catalog.schema`` if it is the schema's folder.
    reason
        What is wrong with it.
    changed
        Seconds since the newest change of a file in it.
    """

    name: str
    folder: Path
    reason: str
    changed: float

    @property
    def may_be_in_flight(self) -> bool:
        """Say whether another process may be writing its rows right now: no commit yet, and files of the last minute."""
        return self.reason == _UNFINISHED and self.changed < _IN_FLIGHT and has_data(self.folder)


def damaged_folders(warehouse: Path) -> list[DamagedFolder]:
    """Return the damaged tables of a warehouse, by name. Reads each table's commits since its last checkpoint."""
    return [DamagedFolder(name, folder, reason, _age(folder)) for name, folder, reason in _damaged(warehouse)]


def _damaged(warehouse: Path) -> Iterator[tuple[str, Path, str]]:
    for schema in schema_folders(warehouse):
        name = f"{schema.catalog}.{schema.schema}"
        if not is_plain_name(schema.schema):
            yield name, schema.path, "Spark holds no schema of this name"
            continue
        for folder in sorted(path for path in schema.path.iterdir() if path.is_dir()):
            reason = examine_table(folder)
            if reason:
                yield f"{name}.{folder.name}", folder, reason


def examine_table(folder: Path) -> str:
    """Return what is wrong with a table's folder, empty if nothing is; a folder without a Delta log is no table's.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "t"
    >>> examine_table(folder)
    ''
    >>> (folder / "_delta_log").mkdir(parents=True)
    >>> examine_table(folder)
    'its Delta log has no commit: its creation did not finish, or another process is creating it now'
    """
    log = folder / "_delta_log"
    if not log.is_dir():
        return ""
    if not is_plain_name(folder.name):
        return "Spark holds no table of this name"
    names = sorted(file.name for file in log.iterdir())
    commits = {int(match[1]): log / name for name in names if (match := _COMMIT.fullmatch(name))}
    checkpoints = {int(match[1]) for name in names if (match := _CHECKPOINT.fullmatch(name))}
    if not commits and not checkpoints:
        return _UNFINISHED
    newest = max(checkpoints, default=-1)
    for version in range(newest + 1, max(commits, default=newest) + 1):
        if version not in commits:
            return f"commit {version} is missing from its Delta log"
        fault = _fault_of(commits[version])
        if fault:
            return f"commit {version} of its Delta log {fault}"
    return ""


def _fault_of(commit: Path) -> str:
    lines = commit.read_bytes().splitlines()
    if not any(line.strip() for line in lines):
        return "is empty"
    actions: set[str] = set()
    for line in lines:
        try:
            action = json.loads(line) if line.strip() else {}
        except ValueError:
            return "is cut short or no JSON"
        if not isinstance(action, dict):
            return "is no Delta commit"
        actions |= set(action)
    if commit.name == f"{0:020}.json" and not {"protocol", "metaData"} <= actions:
        return "is cut short: it names no columns"
    return ""


def has_commit(folder: Path) -> bool:
    """Say whether a table's folder has any commit or checkpoint; less than a millisecond."""
    try:
        with os.scandir(folder / "_delta_log") as entries:
            return any(_COMMIT.fullmatch(entry.name) or _CHECKPOINT.fullmatch(entry.name) for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return False


def has_data(folder: Path) -> bool:
    """Say whether a folder has any file outside its Delta log."""
    return any(path.is_file() and path.relative_to(folder).parts[0] != "_delta_log" for path in folder.rglob("*"))


def set_aside(home: Path, name: str, folder: Path) -> Path:
    """Move a folder of the warehouse into ``<home>/set-aside`` and return where it is now; nothing is deleted."""
    at = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S.%f")
    safe = re.sub(r"[^\w.-]", "_", name)[:180]
    to = home / "set-aside" / f"{safe}-{at}"
    to.parent.mkdir(parents=True, exist_ok=True)
    return folder.rename(to)


def set_damaged_aside(home: Path, damaged: DamagedFolder) -> Path | None:
    """Move a damaged folder aside, unless it has been mended or finished meanwhile; waits for who is creating the table.

    Returns
    -------
    Path or None
        Where the folder is now; None if it stays.
    """
    catalog, schema, *table = damaged.name.split(".", 2)
    with lock_of_table(home, database_of(catalog, schema), "".join(table)):
        if table and not examine_table(damaged.folder):
            return None
        return set_aside(home, damaged.name, damaged.folder)


def _age(folder: Path) -> float:
    times = [path.lstat().st_mtime for path in (folder, *folder.rglob("*"))]
    return time.time() - max(times)
