"""What the demo has done so far, in a file of the store: a demo that was interrupted goes on from there."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from headwater.jobs import JobResult
from headwater.lakehouse import replace_file

if TYPE_CHECKING:
    from pathlib import Path


class Record:
    """Results of jobs by their names and intervals, written down as soon as each is done.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "demo.json"
    >>> Record(file).keep("land, January", JobResult("land", 3, 0.5))
    >>> Record(file).find("land, January"), Record(file).find("land, February")
    (JobResult(step='land', rows=3, seconds=0.5, detail='', code=0), None)
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._results: dict[str, JobResult] = {}
        if file.exists():
            kept = json.loads(file.read_text(encoding="utf-8"))
            self._results = {key: JobResult(**result) for key, result in kept.items()}

    def find(self, key: str) -> JobResult | None:
        """Return the result of a job that is done, else None."""
        return self._results.get(key)

    def keep(self, key: str, result: JobResult) -> None:
        """Write down that a job is done."""
        self._results[key] = result
        replace_file(self._file, json.dumps({name: asdict(one) for name, one in self._results.items()}, indent=1))

    def forget(self) -> None:
        """Let the next demo start from the beginning."""
        self._results = {}
        self._file.unlink(missing_ok=True)
