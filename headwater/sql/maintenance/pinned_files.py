"""Whether a VACUUM would delete files of table versions that champions were trained from."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from headwater.lakehouse import HeadwaterError, Settings

if TYPE_CHECKING:
    from deltalake import DeltaTable

__all__ = ["PinnedVersionError", "check_pins"]


class PinnedVersionError(HeadwaterError):
    """A table's version that a champion was trained from would lose files."""

    def __init__(self, table: str, version: int, files: int, used_by: Sequence[str], hours: int | None) -> None:
        super().__init__(table, version, files, list(used_by), hours)
        self.table, self.version, self.files = table, version, files
        self.used_by, self.hours = list(used_by), hours

    def __str__(self) -> str:
        keep = f"VACUUM {self.table} RETAIN {self.hours} HOURS" if self.hours else "retain more hours"
        count = "a file" if self.files == 1 else f"{self.files:,} files"
        return (
            f"VACUUM would delete {count} of version {self.version} of {self.table}, which {' and '.join(self.used_by)} was "
            f"trained from: its training set could not be read, nor its training run again. To keep it: {keep}. To give it up: "
            "SET headwater.vacuum.pinned = delete, then VACUUM again."
        )


def check_pins(settings: Settings, table: str, folder: Path, hours: float | None) -> None:
    """Raise if deleting the files that no version of the last `hours` has would take some from a pinned version.

    Pinned are the versions that the training sets of champions and previous champions name. Versions that cannot be read any more
    are not held back.

    Parameters
    ----------
    hours
        None: as long as the table itself says, by default 168.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    from headwater.training import pinned_versions

    pins = [pin for pin in pinned_versions(settings) if pin.table == table]
    if not pins:
        return
    folder = folder.resolve()
    newest = DeltaTable(folder)
    retained = None if hours is None else math.floor(hours)
    doomed = {_within(folder, path) for path in newest.vacuum(retained, dry_run=True, enforce_retention_duration=False)}
    for version in sorted({pin.version for pin in pins}):
        try:
            files = {_within(folder, path) for path in DeltaTable(folder, version=version).file_uris()}
        except (DeltaError, OSError):
            continue  # its log is gone: nothing of it can be read
        there = {path for path in files if (folder / path).is_file()}
        lost = there & doomed
        if lost and there == files:
            used = [str(pin) for pin in pins if pin.version == version]
            raise PinnedVersionError(table, version, len(lost), used, _hours_since(newest, version))


def _within(folder: Path, path: str) -> str:
    """Return a file's path below the table's folder, as Delta's log has it or as an address."""
    return unquote(path.removeprefix("file://")).removeprefix(f"{folder.resolve()}/")


def _hours_since(table: DeltaTable, version: int) -> int | None:
    """Return how many hours must be retained so that a version stays whole: since the version after it, and an hour."""
    times = {int(one["version"]): one["timestamp"] for one in table.history()}
    later: list[float] = [float(time) for number, time in times.items() if number > version]
    if not later:
        return None
    passed = dt.datetime.now(dt.UTC).timestamp() - min(later) / 1000
    return math.ceil(passed / 3600) + 1
