"""The jobs: each takes an explicit interval or as-of time, and run again, gives the same result."""

from headwater.jobs.label import label
from headwater.jobs.land import land
from headwater.jobs.materialize import materialize
from headwater.jobs.monitor import MonitorOutcome, monitor
from headwater.jobs.publish import publish
from headwater.jobs.score import score
from headwater.jobs.train import TrainOutcome, train
from headwater.jobs.unpack import unpack
from headwater.outcome import JobResult

__all__ = [
    "JobResult",
    "MonitorOutcome",
    "TrainOutcome",
    "label",
    "land",
    "materialize",
    "monitor",
    "publish",
    "score",
    "train",
    "unpack",
]
