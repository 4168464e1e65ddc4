"""``dbutils.jobs.taskValues``: small values that the tasks of one job run hand on."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headwater.lakehouse import InvalidInputError, known, replace_file

__all__ = ["JobRun", "Jobs", "TaskValues"]

_MOST = 48 * 1024
_ABSENT = object()


@dataclass(frozen=True)
class JobRun:
    """The run of a job that a notebook is one task of; `folder` holds the values, one JSON file each."""

    folder: Path
    task: str

    def file(self, task: str, key: str) -> Path:
        """Return the file of one value."""
        return self.folder / _name(task) / f"{_name(key)}.json"


class TaskValues:
    """Values by task and key. Without a job run, `set` does nothing and `get` needs a `debugValue`, as in a workspace.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> TaskValues(JobRun(folder, "train")).set("auc", 0.9)
    >>> TaskValues(JobRun(folder, "report")).get("train", "auc")
    0.9
    >>> TaskValues(None).get("train", "auc", debugValue=0.5)
    0.5
    """

    def __init__(self, run: JobRun | None) -> None:
        self._run = run

    def set(self, key: str, value: Any) -> None:
        """Write a value that JSON can hold, at most 48 KiB of it, for the tasks after this one."""
        try:
            written = json.dumps(value)
        except TypeError as error:
            raise InvalidInputError(f"The task value {key!r} must be something that JSON holds: {error}.") from error
        if len(written) > _MOST:
            raise InvalidInputError(
                f"The task value {key!r} has {len(written):,} bytes of JSON, over the limit of {_MOST:,}."
            )
        if self._run is not None:
            replace_file(self._run.file(self._run.task, key), written)

    def get(
        self,
        taskKey: str,  # noqa: N803 - their word
        key: str,
        default: Any = _ABSENT,
        debugValue: Any = _ABSENT,  # noqa: N803 - their word
    ) -> Any:
        """Return a value of another task; `default` if it set none; outside a job run, `debugValue`."""
        if self._run is None:
            if debugValue is _ABSENT or debugValue is None:
                raise TypeError(
                    f"The task value {taskKey}.{key} needs a debugValue outside a job run: "
                    "pass one, or run the notebook with --job-run ID."
                )
            return debugValue
        file = self._run.file(taskKey, key)
        if file.exists():
            return json.loads(file.read_text())
        if default is _ABSENT:
            tasks = [folder.name for folder in self._run.folder.glob("*")] if self._run.folder.is_dir() else []
            keys = [found.stem for found in file.parent.glob("*.json")]
            told = f"Values of {taskKey}: {known(key, keys)}" if keys else f"Tasks with values: {known(taskKey, tasks)}"
            raise ValueError(f"The task {taskKey!r} set no value {key!r} in this job run. {told}")
        return default


class Jobs:
    """``dbutils.jobs``."""

    def __init__(self, run: JobRun | None) -> None:
        self.taskValues = TaskValues(run)


def _name(text: str) -> str:
    return re.sub(r"[^\w.-]", "_", text)
