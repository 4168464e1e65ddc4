"""Which versions of tables champions were trained from: as long as they serve, these should stay readable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.conventions import TRAINING_ROWS, TRAINING_ROWS_TABLE
from headwater.lakehouse import Settings
from headwater.training.registry.registry import CHAMPION, PREVIOUS
from headwater.training.registry.tracking import use_store

if TYPE_CHECKING:
    from mlflow.entities import Run

__all__ = ["Pin", "pinned_versions"]

_SAVED = re.compile(r"(\S+) at version (\d+)")


@dataclass(frozen=True)
class Pin:
    """A version of a table, and the version of a model that was trained from it."""

    table: str
    version: int
    model_name: str
    model_version: str
    alias: str

    def __str__(self) -> str:
        return f"the {self.alias.replace('_', ' ')} of {self.model_name}, version {self.model_version},"


def pinned_versions(settings: Settings | None = None) -> list[Pin]:
    """Return the table versions that the training sets of all champions and previous champions name.

    Those are the feature tables' versions, the version of the table of training rows, and saved training sets. None where there
    is no registry yet, or a version's run was deleted.

    Notes
    -----
    Asks the registry for each registered model, and the store for each champion's run.
    """
    from mlflow.exceptions import MlflowException

    settings = settings or Settings()
    if not settings.tracking_uri and not (settings.home / "mlflow.db").is_file():
        return []
    client, found, token = use_store(settings), [], None
    while True:
        page = client.search_registered_models(max_results=100, page_token=token)
        for model in page:
            aliases = client.get_registered_model(model.name).aliases
            for alias in (CHAMPION, PREVIOUS):
                number = aliases.get(alias)
                if not number:
                    continue
                run_id = client.get_model_version(model.name, str(number)).run_id
                try:
                    run = client.get_run(run_id) if run_id else None
                except MlflowException:
                    continue  # the run was deleted; the version stays
                if run is not None:
                    pins = _pins(run)
                    found += [Pin(table, version, model.name, str(number), alias) for table, version in pins]
        token = page.token
        if not token:
            return found


def _pins(run: Run) -> Iterator[tuple[str, int]]:
    for seen in run.inputs.dataset_inputs if run.inputs else ():
        version = re.fullmatch(r"version-(\d+)", seen.dataset.digest)
        if version:
            yield seen.dataset.name, int(version.group(1))
    tags = run.data.tags
    if TRAINING_ROWS in tags and TRAINING_ROWS_TABLE in tags:
        yield tags[TRAINING_ROWS_TABLE], int(tags[TRAINING_ROWS])
    for table, version_text in _SAVED.findall(tags.get("headwater.training_set", "")):
        yield table, int(version_text)
