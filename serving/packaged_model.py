"""A logged model with its feature spec: MLflow's loader module, and what scoring reads of the artefact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.features import (
    DIGEST_TAG,
    MODEL_DATA,
    RAW_MODEL,
    SPEC_FILE,
    FeatureSpec,
    changed_file,
    evaluate,
    feature_reader,
)
from headwater.lakehouse import HeadwaterError, InvalidInputError, MissingColumnsError
from headwater.serving.spark_model import SparkRawModel, is_spark_model

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities.model_registry import ModelVersion
    from pyspark.sql import DataFrame

__all__ = ["ModelArtifact", "TamperedModelError", "open_model"]


class TamperedModelError(HeadwaterError):
    """A file of a model is not what was logged: it is missing, added or changed."""

    def __init__(self, file: str, folder: str) -> None:
        super().__init__(file, folder)
        self.file, self.folder = file, folder

    def __str__(self) -> str:
        return (
            f"{self.file} of the model in {self.folder} is not what was logged (it is missing, or its SHA-256 differs), so the "
            "model is not loaded: log the model again, or restore the artefact."
        )


@dataclass(frozen=True)
class ModelArtifact:
    """A model's files on this machine, checked: the feature spec, the folder of the raw model, and where they came from."""

    spec: FeatureSpec
    raw_model: Path
    model_uri: str

    def read_features(self, df: DataFrame) -> DataFrame:
        """Return `df` with all computed columns, looked up as the tables are now; see :func:`headwater.features.evaluate`."""
        return evaluate(self.spec, df, versions="newest")


def open_model(model_uri: str) -> ModelArtifact:
    """Fetch a model that was logged with a feature spec, and check its files.

    A model is code: its pickles and the functions of its feature spec run when it is loaded and scored. Every file of the
    model, `MLmodel` included, must have the digest with which it was logged. For ``models:/…`` the digests themselves must be
    those that tags of the registered version and of the logged model name, so that who can change files alone cannot change a
    model; whoever can write to the registry can. What MLflow itself rewrites on request (``mlflow.models.set_signature``,
    ``update_model_requirements``) is a change too: log the model again.

    Raises
    ------
    InvalidInputError
        There is no such model, or it has no feature spec, or one of another format.
    TamperedModelError
        A file differs from what was logged.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    try:
        local = Path(mlflow.artifacts.download_artifacts(artifact_uri=model_uri)).resolve()
        kept = [digest for digest in (_kept_digest(model_uri), *_digests_of(local)) if digest]
        data = local / MODEL_DATA
        if kept or data.is_dir():
            _check(data, kept)
        flavor = mlflow.models.Model.load(str(local)).flavors.get("python_function", {})
    except (MlflowException, OSError) as error:
        raise InvalidInputError(f"The model {model_uri} cannot be read: {error}") from error
    if flavor.get("loader_module") != __name__:
        raise InvalidInputError(
            f"The model {model_uri} has no feature spec: log it with FeatureEngineeringClient().log_model(training_set=...), "
            "or score it with mlflow.pyfunc."
        )
    return _artifact(data, model_uri)


def _kept_digest(model_uri: str) -> str | None:
    """Return the digest that the tags of the registered version, or else of the logged model, name; None if none does."""
    import mlflow

    client, name = mlflow.MlflowClient(), model_uri.removeprefix("models:/").strip("/")
    if name == model_uri.strip("/"):
        return None
    version: ModelVersion | None = None
    if "@" in name:
        version = client.get_model_version_by_alias(*name.rsplit("@", 1))
    elif "/" in name and name.rsplit("/", 1)[1].isdigit():
        version = client.get_model_version(*name.rsplit("/", 1))
    elif name.endswith("/latest"):
        versions = client.search_model_versions(f"name = '{name.removesuffix('/latest')}'")
        version = max(versions, key=lambda found: int(found.version), default=None)
    if version is not None and DIGEST_TAG in version.tags:
        return str(version.tags[DIGEST_TAG])
    model_id = getattr(version, "model_id", None) if version is not None else name
    return client.get_logged_model(model_id).tags.get(DIGEST_TAG) if model_id and "/" not in model_id else None


def _digests_of(model: Path) -> list[str]:
    """Return the digests that the registry has for a model's folder, by what MLflow wrote into it; none where no store is set.

    That is the version whose download it is (``registered_model_meta``, written anew by each), and the logged model that
    ``MLmodel`` names. Workers of Spark, and a copied folder, may have no store, or one that does not know the model.
    """
    import mlflow
    import yaml
    from mlflow.exceptions import MlflowException

    if not mlflow.is_tracking_uri_set():  # type: ignore[no-untyped-call]
        return []
    client = mlflow.MlflowClient()
    found = []
    try:
        meta = yaml.safe_load((model / "registered_model_meta").read_text())
        found.append(client.get_model_version(meta["model_name"], meta["model_version"]).tags.get(DIGEST_TAG))
    except (OSError, KeyError, TypeError, yaml.YAMLError, MlflowException):
        pass
    try:
        model_id = mlflow.models.Model.load(str(model)).model_id
        found.append(client.get_logged_model(model_id).tags.get(DIGEST_TAG) if model_id else None)
    except (OSError, yaml.YAMLError, MlflowException):
        pass
    return [str(digest) for digest in found if digest]


def _check(data: Path, kept: Sequence[str]) -> None:
    changed = changed_file(data, kept)
    if changed is not None:
        raise TamperedModelError(changed, str(data))


def _artifact(data: Path, model_uri: str) -> ModelArtifact:
    return ModelArtifact(FeatureSpec.from_yaml((data / SPEC_FILE).read_text()), data / RAW_MODEL, model_uri)


class _PackagedModel:
    """What ``mlflow.pyfunc.load_model`` gives for a model with a feature spec."""

    def __init__(self, artifact: ModelArtifact) -> None:
        import mlflow

        self._artifact, raw = artifact, artifact.raw_model
        self._raw: Any = SparkRawModel(raw) if is_spark_model(raw) else mlflow.pyfunc.load_model(str(raw))

    def predict(self, data: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        """Predict from rows with keys and times; features that are not given are looked up in the offline store.

        By Spark where a session is active, else without one, from the files of the embedded store: on the workers of
        ``mlflow.pyfunc.spark_udf``, and in a process that has started none.
        """
        spec = self._artifact.spec
        names = [column.name for column in spec.columns]
        if set(names) <= set(data.columns):
            return self._raw.predict(data[names], params=params)
        absent = [name for name in spec.required if name not in data.columns]
        if absent:
            raise MissingColumnsError(absent, "the rows", list(data.columns), "needed to look features up")
        return self._raw.predict(feature_reader(spec).read(spec, data)[names], params=params)


def _load_pyfunc(data_path: str) -> _PackagedModel:
    """Load the model, whose files must be those that were logged; the name is MLflow's."""
    data = Path(data_path).resolve()
    _check(data, _digests_of(data.parents[1]))
    return _PackagedModel(_artifact(data, data_path))
