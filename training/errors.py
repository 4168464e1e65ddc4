"""What can go wrong in training, under the ground floor's tree.

::

    HeadwaterError
    ├── TrainingError
    │   ├── SearchFailedError       no trial of a search gave a model
    │   ├── SparkContextError       SparkTrials has no classic Spark context to run on
    │   ├── ChampionLoadError       a champion is registered and cannot be loaded
    │   └── TrackingStoreError      the embedded store's MLflow database cannot be opened
    └── InvalidInputError
        ├── TrainingDataError       the rows cannot be trained on
        └── ModelVersionError       the registry has no such version or alias
"""

from __future__ import annotations

from collections.abc import Sequence

from headwater.lakehouse import HeadwaterError, InvalidInputError

__all__ = [
    "ChampionLoadError",
    "ModelVersionError",
    "SearchFailedError",
    "SparkContextError",
    "TrackingStoreError",
    "TrainingDataError",
    "TrainingError",
]


class TrainingError(HeadwaterError):
    """Something about a training run."""


class SearchFailedError(TrainingError):
    """Every trial of the search failed."""

    def __init__(self, trials: int, traces: Sequence[str]) -> None:
        super().__init__(trials, list(traces))
        self.trials, self.traces = trials, list(traces)

    def __str__(self) -> str:
        if not self.trials:
            return "The search ended before any trial had finished: raise SearchPlan(timeout=…), in seconds."
        shown = "\n\n".join(self.traces[:3]) or "No trace was left: the Spark task ended from outside."
        return f"All {self.trials} trials failed. The different errors, with their traces:\n\n{shown}"


class SparkContextError(TrainingError):
    """SparkTrials needs a Spark context in this process."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found

    def __str__(self) -> str:
        return (
            f"The search backend 'spark' needs a classic Spark session in this process, found {self.found}. "
            "Start one (`lakehouse.session()`), or use SearchPlan(backend='local'): "
            "Spark Connect has no Spark context, which hyperopt's SparkTrials schedules its trials on."
        )


class ChampionLoadError(TrainingError):
    """A champion is registered, and it cannot be loaded or scored."""

    def __init__(self, model_name: str, version: str, reason: str) -> None:
        super().__init__(model_name, version, reason)
        self.model_name, self.version, self.reason = model_name, version, reason

    def __str__(self) -> str:
        return (
            f"The champion of {self.model_name}, version {self.version}, cannot be compared with: {self.reason}. "
            "Repair its artefacts, or move the alias with `training.rollback`."
        )


class TrackingStoreError(TrainingError):
    """The MLflow database of the embedded store cannot be opened, nor mended."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(file, reason)
        self.file, self.reason = file, reason

    def __str__(self) -> str:
        return (
            f"MLflow's database {self.file} cannot be opened ({self.reason}); it was left as it is, and tables work without it. "
            "Put it back from a copy, or move it to another place: a new one is made, without runs and models."
        )


class TrainingDataError(InvalidInputError):
    """The rows cannot be trained on as they are."""

    def __init__(self, what: str, found: str, remedy: str) -> None:
        super().__init__(what, found, remedy)
        self.what, self.found, self.remedy = what, found, remedy

    def __str__(self) -> str:
        return f"{self.what}: found {self.found}. {self.remedy}"


class ModelVersionError(InvalidInputError):
    """The registry has no such model version."""

    def __init__(self, model_name: str, wanted: str, versions: Sequence[str]) -> None:
        super().__init__(model_name, wanted, list(versions))
        self.model_name, self.wanted, self.versions = model_name, wanted, list(versions)

    def __str__(self) -> str:
        there = f"It has {', '.join(self.versions)}." if self.versions else "Is it registered under this name?"
        return f"The registered model {self.model_name} has no {self.wanted}. {there}"
