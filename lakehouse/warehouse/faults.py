"""Faults of files, said as errors that name the table, the file and what to do: missing or cut short files, and a full disk.

Spark and Arrow name a file at most, in the middle of a Java trace. What is wrong with it is then looked up on the disk.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from headwater.lakehouse.errors import HeadwaterError, TableError
from headwater.lakehouse.warehouse.layout import name_of_folder

__all__ = ["DamagedFileError", "DiskFullError", "damaged_files", "fault_of", "faults_named"]

_FILE = re.compile(r"(?:file:(?://)?)?(/[^\s'\"]*?\.parquet)\b")
_FOLDER = re.compile(r"Task failed while writing rows to file:(?://)?(/\S+?)\.? ")
_FULL = ("No space left on device", "File too large", "Disk quota exceeded")
_LOG = "_delta_log"


class DamagedFileError(TableError):
    """A table's file of rows is missing or cannot be read; other tables are not concerned."""

    def __init__(self, name: str, file: str, fault: str, version: int | None = None) -> None:
        super().__init__(name, file, fault, version)
        self.name, self.file, self.fault, self.version = name, file, fault, version

    def __str__(self) -> str:
        back = (
            f", or go back to the newest version without it: RESTORE TABLE {self.name} TO VERSION AS OF {self.version}, and "
            "write again what was written since"
            if self.version is not None
            else ", or set the table aside and create it again"
        )
        return (
            f"The table {self.name} cannot be read: its file {self.file} {self.fault}. Other tables work. Put the file back "
            f"from a copy{back}. `headwater doctor` lists all such files."
        )


class DiskFullError(TableError):
    """Rows were not written, since a disk has no room for them; the table is as it was."""

    def __init__(self, name: str, reason: str, free: Mapping[str, int]) -> None:
        super().__init__(name, reason, dict(free))
        self.name, self.reason, self.free = name, reason, dict(free)

    def __str__(self) -> str:
        rows = f"The rows for {self.name}" if self.name else "Rows"
        free = " and ".join(f"{size:,} bytes are free in {folder}" for folder, size in self.free.items())
        return (
            f"{rows} were not written: {self.reason}. {free}. The table is as it was, and other tables work. Make room "
            "(remove what is old, or VACUUM tables), and run it again."
        )


@contextmanager
def faults_named(files: Iterable[str | Path] = (), *, name: str = "") -> Iterator[None]:
    """Raise a fault of a table's files or of the disk, within, as an error that says so; any other error as it is.

    Also a decorator. Costs nothing as long as nothing is raised.

    Parameters
    ----------
    files
        Files that are read within, of which an error may not say which it means.
    name
        The table that is written within.

    Examples
    --------
    >>> with faults_named():
    ...     raise OSError("[Errno 28] No space left on device: '/tmp/x.parquet'")
    Traceback (most recent call last):
    headwater.lakehouse.warehouse.faults.DiskFullError: Rows were not written: No space left on device. ...
    """
    try:
        yield
    except HeadwaterError:
        raise
    except Exception as error:
        fault = fault_of(error, files, name=name)
        if fault is None:
            raise
        raise fault from error


def fault_of(error: BaseException, files: Iterable[str | Path] = (), *, name: str = "") -> HeadwaterError | None:
    """Return what an error of Spark's, Arrow's or the operating system's means for a table; None if nothing is known.

    Parameters
    ----------
    files
        Files that may be at fault, where the error does not name them.
    name
        The table that was written.
    """
    text = str(error)
    reason = next((reason for reason in _FULL if reason in text), "")
    if reason:
        found = _FOLDER.search(text) or _FILE.search(text)
        folder = _table_folder(Path(unquote(found[1]))) if found else None
        # Spark puts rows that it sorts and shuffles into temporary files, and says not where it ran out of room.
        places = [*([] if folder is None else [folder]), Path(tempfile.gettempdir())]
        free = {str(place): shutil.disk_usage(place).free for place in places}
        return DiskFullError(name or ("" if folder is None else _name_of(folder)), reason, free)
    for path in dict.fromkeys([*(unquote(found) for found in _FILE.findall(text)), *map(str, files)]):
        file = Path(path)
        folder = _table_folder(file)
        fault = _fault_of_file(file)
        if folder is not None and fault:
            return _damaged(folder, file, fault)
    return None


def damaged_files(folder: Path) -> list[DamagedFileError]:
    """Return the files of a table's newest version that are missing or have another size than its log says.

    One look at each file's size, none into it: a millisecond for some hundred files. A log that cannot be read has none.
    """
    import deltalake
    import pyarrow as pa
    from deltalake.exceptions import DeltaError

    try:
        actions = pa.table(deltalake.DeltaTable(folder).get_add_actions(flatten=True))
    except (DeltaError, OSError):
        return []
    found = []
    for name, size in zip(actions["path"].to_pylist(), actions["size_bytes"].to_pylist(), strict=True):
        file = folder / unquote(name)
        fault = _fault_of_size(file, size)
        if fault:
            found.append(_damaged(folder, file, fault))
    return found


def _damaged(folder: Path, file: Path, fault: str) -> DamagedFileError:
    return DamagedFileError(_name_of(folder), str(file), fault, _version_before(folder, file))


def _fault_of_size(file: Path, size: int) -> str:
    try:
        found = file.stat().st_size
    except OSError:
        return "is missing"
    return "" if found == size else f"has {found:,} bytes, and was written with {size:,}"


def _fault_of_file(file: Path) -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not file.is_file():
        return "is missing"
    try:
        with pq.ParquetFile(file) as opened:
            for _ in opened.iter_batches():
                pass
    except (pa.ArrowException, OSError) as error:
        return f"is cut short or damaged ({str(error).strip().splitlines()[0]})"
    return ""


def _table_folder(path: Path) -> Path | None:
    return next((folder for folder in (path, *path.parents) if (folder / _LOG).is_dir()), None)


def _name_of(folder: Path) -> str:
    """Return the name of a table's folder in a warehouse, else the folder."""
    return name_of_folder(folder) or str(folder)


def _version_before(folder: Path, file: Path) -> int | None:
    """Return the version before the commit that added a file, if all of that version's files are there."""
    import deltalake
    from deltalake.exceptions import DeltaError

    added = [int(commit.stem) for commit in (folder / _LOG).glob("[0-9]*.json") if _adds(commit, file.name)]
    if not added or min(added) == 0:
        return None
    try:
        paths = deltalake.DeltaTable(folder, version=min(added) - 1).file_uris()
    except (DeltaError, OSError):
        return None
    return min(added) - 1 if all(Path(unquote(path.removeprefix("file://"))).is_file() for path in paths) else None


def _adds(commit: Path, name: str) -> bool:
    lines = commit.read_text(encoding="utf-8").splitlines()
    return any(name in line and "add" in json.loads(line) for line in lines)
