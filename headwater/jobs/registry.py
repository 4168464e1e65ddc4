"""What a job is. A new job is one file in this folder that has a ``JOB``; the command line is made of them.

Files of jobs import nothing heavy at their top: the command line reads them all to print its help.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater.plug_points import modules_of

if TYPE_CHECKING:
    from headwater.outcome import JobResult

__all__ = ["AS_OF", "END", "START", "Job", "Option", "all_jobs"]


@dataclass(frozen=True)
class Option:
    """An argument of a job: ``--name`` on the command line. A `default` of None must be given; times are UTC."""

    name: str
    help: str
    kind: type[Any] = str
    default: Any = None


START = Option("start", "Start of the interval, UTC, inclusive.", dt.datetime)
END = Option("end", "End of the interval, UTC, exclusive.", dt.datetime)
AS_OF = Option("as_of", "Only what was known before this time counts, UTC.", dt.datetime)


@dataclass(frozen=True)
class Job:
    """A job by its name, a sentence for the help, its options, and what runs it.

    `run` is called with the session (None unless `needs_spark`), the project, and the options by their names.
    """

    name: str
    help: str
    options: tuple[Option, ...]
    run: Callable[..., JobResult]
    needs_spark: bool = True


def all_jobs() -> Mapping[str, Job]:
    """Return the jobs by name, in the order of their names.

    Examples
    --------
    >>> sorted(all_jobs())
    ['label', 'land', 'materialize', 'monitor', 'publish', 'replay', 'report', 'retrain', 'score', 'train', 'unpack']
    """
    found = [module.JOB for module in modules_of("headwater.jobs") if hasattr(module, "JOB")]
    return {job.name: job for job in sorted(found, key=lambda job: job.name)}
