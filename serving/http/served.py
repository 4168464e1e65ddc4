"""What an endpoint answers with: a model, with or without a feature spec, or a feature spec alone."""

from __future__ import annotations

import time
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from headwater.features import FeatureSpec, json_reader
from headwater.lakehouse import InvalidInputError, Settings
from headwater.serving.http.executors import Executor, fastest_executor
from headwater.serving.http.requests import Request, RequestError
from headwater.serving.online.lookup import FeatureStatus, OnlineFeatures, RequestValueError, Row
from headwater.serving.packaged_model import open_model

__all__ = ["Answer", "ModelFailedError", "Served", "ServedFeatures", "ServedModel", "load_model"]


class ModelFailedError(InvalidInputError):
    """A model raised for the rows of a request."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error

    def __str__(self) -> str:
        return f"The model failed for these rows ({self.error})."


@dataclass
class Answer:
    """An answer: the body, the values of the features by row where they are traced, and how long the model took."""

    body: dict[str, Any]
    features: list[dict[str, Any]] = field(default_factory=list)
    model_ms: float = 0.0


class Served(Protocol):
    """Something that answers requests; it may be called from any thread."""

    name: str  # what the header ``served-model-name`` says
    entity: str  # kept with each logged request: name and version
    columns: Mapping[str, str]  # names and SQL types of the columns that a request may give; empty if nobody knows them
    required: Collection[str]  # those that a request must give
    outputs: Mapping[str, str]  # names and SQL types of the columns of an answer; empty for predictions

    @property
    def lookback_ignored(self) -> int:
        """How many rows were older than their lookup's window allows offline."""
        ...

    def answer(self, request: Request, *, traced: bool) -> Answer:
        """Return the answer; raises InvalidInputError for what is wrong with the request."""
        ...


class ServedFeatures:
    """The features of a spec for the keys of a request: ``{"outputs": [{…}]}``."""

    def __init__(self, name: str, spec: FeatureSpec, settings: Settings) -> None:
        self.name = self.entity = name
        self._features = OnlineFeatures(spec, settings, model_inputs=False)
        self.columns: Mapping[str, str] = self._features.columns
        self.required: Collection[str] = self._features.required
        self.outputs: Mapping[str, str] = {column.name: column.type for column in spec.columns}

    @property
    def lookback_ignored(self) -> int:
        """How many rows were older than their lookup's window allows offline."""
        return self._features.lookback_ignored

    def answer(self, request: Request, *, traced: bool) -> Answer:
        """Return the columns of the spec, without those that it excludes."""
        if request.tensor is not None:
            raise RequestError("This endpoint looks features up by the names of keys: send rows as objects.")
        rows = self._features.evaluate(request.rows, traced=traced or request.explain)
        outputs = [{name: row.values[name] for name in self.outputs} for row in rows]
        return Answer(
            {"outputs": outputs, **_explained(rows, asked=request.explain)}, _traced(rows, request, traced=traced)
        )


class ServedModel:
    """A model's predictions, its features looked up: ``{"predictions": […]}``."""

    def __init__(
        self, name: str, entity: str, features: OnlineFeatures | None, executor: Executor, columns: Mapping[str, str]
    ) -> None:
        self.name, self.entity = name, entity
        self._features, self._executor = features, executor
        self._columns = columns
        self.columns: Mapping[str, str] = columns if features is None else features.columns
        self.required: Collection[str] = executor.required & set(columns) if features is None else features.required
        self.outputs: Mapping[str, str] = {}
        self._readers = {column: json_reader(kind) for column, kind in columns.items()} if features is None else {}

    @property
    def executor(self) -> str:
        """How the model is run."""
        return self._executor.name

    @property
    def lookback_ignored(self) -> int:
        """How many rows were older than their lookup's window allows offline."""
        return 0 if self._features is None else self._features.lookback_ignored

    def answer(self, request: Request, *, traced: bool) -> Answer:
        """Return the predictions, in the order of the rows."""
        rows = self._rows(request, traced=traced or request.explain)
        given = request.params or {}
        params = {name: value for name, value in given.items() if name in self._executor.params}
        began = time.perf_counter()
        try:
            if rows is None:
                predictions = self._executor.predict_tensor(request.tensor, params)
            elif rows:
                predictions = self._executor.predict([row.values for row in rows], params)
            else:
                predictions = []
        except InvalidInputError:
            raise
        except Exception as error:
            raise ModelFailedError(type(error).__name__) from error
        took = (time.perf_counter() - began) * 1000
        body = {"predictions": predictions, **_explained(rows or [], asked=request.explain)}
        return Answer(body, _traced(rows or [], request, traced=traced), took)

    def _rows(self, request: Request, *, traced: bool) -> list[Row] | None:
        if self._features is not None:
            if request.tensor is not None:
                raise RequestError("This model looks features up by the names of keys: send rows as objects.")
            return self._features.evaluate(request.rows, traced=traced)
        if request.tensor is not None:
            if self._columns:
                raise RequestError("This model takes named columns: send rows as objects, or dataframe_split.")
            return None
        if not self._columns:
            return [Row(dict(row)) for row in request.rows]
        return [Row(self._typed(at, row)) for at, row in enumerate(request.rows)]

    def _typed(self, at: int, row: Mapping[str, Any]) -> dict[str, Any]:
        values = {}
        for name, read in self._readers.items():
            try:
                values[name] = read(row.get(name))
            except (ValueError, TypeError) as error:
                raise RequestValueError(at, name, str(error)) from error
            if name not in row and name in self._executor.required:
                raise RequestValueError(at, name, "it is missing, and it is needed")
        return values


def load_model(name: str, uri: str, entity: str, settings: Settings) -> ServedModel:
    """Load a model and check its files, so that a bad one never answers.

    A model that was logged with a feature spec looks its features up in the online stores; any other takes all its inputs from
    the request.

    Raises
    ------
    HeadwaterError
        The model cannot be read, its files differ from those that were logged, or its spec cannot be served.
    """
    import mlflow

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        local = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))
        flavor = mlflow.models.Model.load(str(local)).flavors.get("python_function", {})
        if flavor.get("loader_module") != "headwater.serving.packaged_model":
            executor = fastest_executor(local, None)
            return ServedModel(name, entity, None, executor, executor.columns)
        artifact = open_model(uri)
        executor = fastest_executor(artifact.raw_model, {c.name: c.type for c in artifact.spec.columns})
        return ServedModel(name, entity, OnlineFeatures(artifact.spec, settings), executor, executor.columns)


def _explained(rows: Sequence[Row], *, asked: bool) -> dict[str, Any]:
    if not asked:
        return {}
    now = time.time()
    return {"features": [{name: _status(one, now) for name, one in row.statuses.items()} for row in rows]}


def _status(one: FeatureStatus, now: float) -> dict[str, Any]:
    said: dict[str, Any] = {"status": one.status}
    if one.table:
        age = None if one.time is None else round(now - one.time / 1e6, 3)
        said |= {"table": one.table, "version": one.version, "age_seconds": age}
    return said


def _traced(rows: Sequence[Row], request: Request, *, traced: bool) -> list[dict[str, Any]]:
    """Return all values of each row, those of the request's other columns too, and where its features came from."""
    if not traced:
        return []
    return [
        {
            "values": {**given, **row.values},
            "sources": {name: [one.status, one.time, one.table, one.version] for name, one in row.statuses.items()},
        }
        for given, row in zip(request.rows, rows, strict=False)
    ]
