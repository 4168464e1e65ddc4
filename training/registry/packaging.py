"""Logs a model together with its feature spec, so that it can be scored from keys and times alone.

The artefact is an MLflow model of the ``python_function`` flavor with the loader ``headwater.serving.packaged_model``, which
this package names and never imports; its files are those of :mod:`headwater.features.specs.model_layout`.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from headwater.features import DIGEST_TAG, RAW_MODEL, SPEC_FILE, saved_training_sets, write_digests
from headwater.lakehouse import InvalidInputError, column, quoted
from headwater.training.registry.signatures import json_rows, outer_signature

if TYPE_CHECKING:
    import pandas as pd

    from headwater.features import TrainingSet

__all__ = ["LOADER", "PICKLED_ON_DATABRICKS", "LoggedModel", "log_model"]

LOADER = "headwater.serving.packaged_model"
# Flavors whose default format is cloudpickle on Databricks, and skops elsewhere.
PICKLED_ON_DATABRICKS = ("mlflow.sklearn", "mlflow.lightgbm")
_INTEGERS = ("tinyint", "smallint", "int", "bigint")


@dataclass(frozen=True)
class LoggedModel:
    """Where a model was logged, and the version under which it was registered, if it was."""

    model_uri: str
    model_id: str
    registered_model_name: str | None
    registered_model_version: str | None


def log_model(
    *,
    model: Any,
    artifact_path: str,
    flavor: ModuleType,
    training_set: TrainingSet | None = None,
    registered_model_name: str | None = None,
    await_registration_for: int | None = 300,
    infer_input_example: bool = False,
    extra_pip_requirements: Sequence[str] | None = None,
    **kwargs: Any,
) -> LoggedModel:
    """Log a model with the feature spec of its training set, in the active run or a new one.

    Parameters
    ----------
    artifact_path
        Name of the logged model.
    flavor
        MLflow module that saves the model, for example ``mlflow.sklearn``.
    training_set
        None: the model is logged as its flavor does it, without features.
    await_registration_for
        Seconds to wait for the registry; 0 or None: not at all.
    infer_input_example
        Log the first rows of the training set as an example (runs a Spark job).
    **kwargs
        Go to the flavor's own ``save_model``: ``signature``, ``input_example``, ``conda_env``, ``pip_requirements``, …
        ``serialization_format`` of scikit-learn and LightGBM models is ``cloudpickle`` unless given, as on Databricks:
        MLflow's default elsewhere, skops, refuses forests, boosting and pipelines with an imputer.

    Notes
    -----
    A model is code: to load or score it runs its pickles and the functions of its feature spec. So the digests of all files
    are logged with it, and their own digest becomes a tag of the logged model and of the registered version, against which
    :func:`headwater.serving.score_batch` checks the files.
    A run for which the training set was saved (:meth:`features.TrainingSet.save`) is tagged with its table, version and digest.
    The outer signature names the source columns as required, looked-up and on-demand ones as optional: given values are
    taken instead of a lookup.
    """
    import mlflow

    given: tuple[Any, ...] = (model,)
    if flavor is mlflow.pyfunc:  # the one flavor whose first parameter is not the model
        given, kwargs["python_model"] = (), model
    if getattr(flavor, "__name__", "") in PICKLED_ON_DATABRICKS:
        kwargs.setdefault("serialization_format", "cloudpickle")
    if infer_input_example and training_set is not None:
        rows = training_set.load_df().drop(*training_set.labels).limit(5).toPandas()
        kwargs.setdefault("input_example", json_rows(rows))
    if extra_pip_requirements:
        kwargs["extra_pip_requirements"] = list(extra_pip_requirements)
    register = {"registered_model_name": registered_model_name, "await_registration_for": await_registration_for}
    if training_set is None:
        # Spark's flavor still calls the name by its old name.
        named = "name" if "name" in inspect.signature(flavor.log_model).parameters else "artifact_path"
        info = flavor.log_model(*given, **{named: artifact_path}, **register, **kwargs)
        return _logged(info, registered_model_name)
    if not hasattr(flavor, "save_model"):
        raise InvalidInputError(f"flavor must be an MLflow module with save_model, found {flavor!r}.")
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "feature_store"  # as the published client calls it
        raw = data / RAW_MODEL
        data.mkdir()
        flavor.save_model(*given, path=str(raw), **kwargs)
        (data / SPEC_FILE).write_text(training_set.feature_spec.to_yaml())
        signature = outer_signature(training_set.feature_spec, mlflow.models.Model.load(str(raw)).signature)
        whole = _Pyfunc()
        info = mlflow.models.Model.log(
            artifact_path=None,
            name=artifact_path,
            flavor=whole,
            flavor_name="mlflow.pyfunc",
            validate_serving_input=False,
            loader_module=LOADER,
            data_path=str(data),
            signature=signature,
            pip_requirements=str(raw / "requirements.txt"),
            input_example=_example(training_set),
            metadata={"headwater": {"lookups": list(training_set.feature_spec.table_versions)}},
            **register,
        )
    _bind(info, registered_model_name, whole.digest)
    _link_saved(training_set, info.run_id)
    return _logged(info, registered_model_name)


def _bind(info: Any, name: str | None, digest: str) -> None:
    """Keep the digest where the files are not: in tags of the logged model and of the registered version."""
    import mlflow

    client = mlflow.MlflowClient()
    if info.model_id:
        client.set_logged_model_tags(info.model_id, {DIGEST_TAG: digest})
    if name and info.registered_model_version is not None:
        client.set_model_version_tag(name, str(info.registered_model_version), DIGEST_TAG, digest)


def _link_saved(training_set: TrainingSet, run_id: str | None) -> None:
    """Tag the run with the tables in which its training set was saved, so that the UI leads to the very rows."""
    import mlflow

    saved = saved_training_sets(training_set.df.sparkSession, run_id) if run_id else []
    if saved:
        named = ", ".join(f"{one.table} at version {one.version} (digest {one.digest})" for one in saved)
        mlflow.MlflowClient().set_tag(str(run_id), "headwater.training_set", named)


class _Pyfunc:
    """MLflow's ``pyfunc`` flavor, which adds the files' digests once all are there.

    Without a trial run of the example, which would look features up: seconds of Spark.
    """

    digest = ""

    def save_model(self, *, validate_serving_input: bool, path: str, **kwargs: Any) -> None:
        """Save the model, `MLmodel` included; of the steps of MLflow's that follow, none changes a file of it."""
        import mlflow

        del validate_serving_input
        mlflow.pyfunc.save_model(path=path, **kwargs)
        self.digest = write_digests(Path(path))


def _example(training_set: TrainingSet) -> pd.DataFrame | None:
    """Return rows as they come to be scored: the first three of the spine, with what must be there; None if there are none.

    Rows with a NULL in a column of integers are left out, for MLflow refuses them: pandas makes floats of such a column.
    """
    spec = training_set.feature_spec
    integers = [c.name for c in spec.source if c.type in _INTEGERS and c.name in spec.required]
    rows = training_set.df.select(*map(quoted, spec.required))
    known = [column(name).isNotNull() for name in integers]
    found = (rows.where(reduce(and_, known)) if known else rows).limit(3).toPandas()
    return json_rows(found) if len(found) else None


def _logged(info: Any, name: str | None) -> LoggedModel:
    version = info.registered_model_version
    return LoggedModel(info.model_uri, info.model_id, name, None if version is None else str(version))
