"""A logged model with its feature spec: MLflow's loader module, and what scoring reads of the artefact."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.features import FeatureSpec, evaluate, evaluate_without_spark
from headwater.lakehouse import HeadwaterError, InvalidInputError, MissingColumnsError

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

__all__ = ["ModelArtifact", "TamperedModelError", "open_model"]

_ROW = "__headwater_row"


class TamperedModelError(HeadwaterError):
    """A file of a model is not what was logged."""

    def __init__(self, file: str, folder: str) -> None:
        super().__init__(file, folder)
        self.file, self.folder = file, folder

    def __str__(self) -> str:
        return (
            f"{self.file} of the model in {self.folder} is not what was logged (its SHA-256 differs), so it is not loaded: "
            "log the model again, or restore the artefact."
        )


@dataclass(frozen=True)
class ModelArtifact:
    """A model's files on this machine: the feature spec and the folder of the raw model."""

    spec: FeatureSpec
    raw_model: Path

    def read_features(self, df: DataFrame) -> DataFrame:
        """Return `df` with all computed columns, looked up as the tables are now; see :func:`headwater.features.evaluate`."""
        return evaluate(self.spec, df, versions="newest", recent=True)


def open_model(model_uri: str) -> ModelArtifact:
    """Fetch a model that was logged with a feature spec, and check its files.

    Raises
    ------
    InvalidInputError
        The model has no feature spec.
    TamperedModelError
        A file differs from what was logged.
    """
    import mlflow

    local = Path(mlflow.artifacts.download_artifacts(artifact_uri=model_uri))
    flavor = mlflow.models.Model.load(str(local)).flavors.get("python_function", {})
    data = local / str(flavor.get("data", ""))
    if not (data / "feature_spec.yaml").exists():
        raise InvalidInputError(
            f"The model {model_uri} has no feature spec: log it with FeatureEngineeringClient().log_model(training_set=...), "
            "or score it with mlflow.pyfunc."
        )
    return _artifact(data)


def _artifact(data: Path) -> ModelArtifact:
    raw = data / "raw_model"
    for file, digest in json.loads((data / "sha256.json").read_text()).items():
        if not (raw / file).exists() or hashlib.sha256((raw / file).read_bytes()).hexdigest() != digest:
            raise TamperedModelError(file, str(data))
    return ModelArtifact(FeatureSpec.from_yaml((data / "feature_spec.yaml").read_text()), raw)


class _PackagedModel:
    """What ``mlflow.pyfunc.load_model`` gives for a model with a feature spec."""

    def __init__(self, artifact: ModelArtifact) -> None:
        import mlflow

        self._artifact = artifact
        self._raw = mlflow.pyfunc.load_model(str(artifact.raw_model))

    def predict(self, data: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        """Predict from rows with keys and times; features that are not given are looked up in the offline store.

        By Spark where a session is active, else without one, from the files of the embedded store: on the workers of
        ``mlflow.pyfunc.spark_udf``, and in a process that has started none.
        """
        from pyspark import TaskContext
        from pyspark.sql import SparkSession

        spec = self._artifact.spec
        names = [column.name for column in spec.columns]
        if set(names) <= set(data.columns):
            return self._raw.predict(data[names], params=params)
        absent = [name for name in spec.required if name not in data.columns]
        if absent:
            raise MissingColumnsError(absent, "the rows", list(data.columns), "needed to look features up")
        worker = TaskContext.get() is not None
        settings = lakehouse.Settings()
        stored = worker or SparkSession.getActiveSession() is None
        if stored and (worker or _all_stored(spec, settings)):
            return self._raw.predict(evaluate_without_spark(spec, data, settings)[names], params=params)
        spark = lakehouse.session()
        rows = spark.createDataFrame(data.assign(**{_ROW: range(len(data))}))
        for column in spec.source:
            if column.name in data.columns:
                found = rows.schema[column.name].dataType.simpleString()
                rows = rows.withColumn(column.name, lakehouse.utc_cast(rows[column.name], found, column.type))
        looked_up = self._artifact.read_features(rows).toPandas().sort_values(_ROW)
        return self._raw.predict(looked_up[names], params=params)


def _all_stored(spec: FeatureSpec, settings: lakehouse.Settings) -> bool:
    if spec.declared or lakehouse.on_databricks():
        return False
    return all(not isinstance(lakehouse.open_stored(settings, step.table), str) for step in spec.lookups)


def _load_pyfunc(data_path: str) -> _PackagedModel:
    """Load the model; the name is MLflow's."""
    return _PackagedModel(_artifact(Path(data_path)))
