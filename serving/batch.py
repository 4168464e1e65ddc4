"""Batch scoring: features looked up, model applied where the data is."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.conventions import PREDICTION
from headwater.features import get_feature_table
from headwater.lakehouse import InvalidInputError, MissingColumnsError
from headwater.serving.packaged_model import ModelArtifact, open_model

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import DataType

__all__ = ["score_batch"]

_ENVIRONMENTS = ("conda", "local", "uv", "virtualenv")
_SPARK_TYPES = {
    "binary": "binary",
    "boolean": "boolean",
    "datetime": "timestamp",
    "double": "double",
    "float": "float",
    "integer": "int",
    "long": "bigint",
}


def score_batch(
    model_uri: str,
    df: DataFrame,
    result_type: str | DataType = "double",
    params: dict[str, Any] | None = None,
    *,
    env_manager: str = "local",
) -> DataFrame:
    """Return `df` with the features that the model needs, and a column ``prediction``.

    Parameters
    ----------
    model_uri
        A model logged with a feature spec: ``models:/main.ml.m@champion``, ``models:/m/3``, ``runs:/…``.
    df
        Rows with the keys, times and request-time columns of the training set; labels are not needed. A column named like
        a feature is taken instead of looking the feature up.
    result_type
        Spark type of the prediction, or its name; a model that gives several numbers per row (probabilities) needs
        ``array<double>``, one that gives a frame ``struct<…>`` of its columns.
    params
        Handed on to the model's ``predict``.
    env_manager
        ``local``: the model runs in this environment. ``virtualenv``, ``uv`` or ``conda``: in one of its own, which MLflow
        makes on every machine that scores.

    Returns
    -------
    DataFrame
        The columns of `df`, computed inputs of the model that are not excluded, ``prediction``. Every row once.
        The model is run when the result is used. The features are looked up here and now where they lie on this machine
        and fit its memory; else lazily, but for one small job for the span of the rows' times.

    Raises
    ------
    InvalidInputError
        `df` is a stream, has a ``prediction`` already, or lacks columns: all that are missing are named.
    """
    from pyspark.sql import functions as F

    if df.isStreaming:
        raise InvalidInputError(
            "score_batch takes a batch DataFrame, found a stream: score each batch in foreachBatch."
        )
    if PREDICTION in df.columns:
        raise InvalidInputError(f"df has a column {PREDICTION!r} already: drop or rename it, score_batch adds one.")
    if env_manager not in _ENVIRONMENTS:
        raise InvalidInputError(
            f"env_manager={env_manager!r} is unknown. {lakehouse.known(env_manager, _ENVIRONMENTS)}"
        )
    kind = _spark_type(result_type)
    artifact = open_model(model_uri)
    spec = artifact.spec
    missing = [name for name in spec.required if name not in df.columns]
    if missing:
        raise MissingColumnsError(missing, "df", df.columns, f"needed to score {model_uri}")
    _warn_of_new_tables(df, artifact)
    wanted = [c.name for c in spec.computed if c.name not in spec.exclude and c.name not in df.columns]
    frame = artifact.read_features(df)
    if env_manager == "local":
        prediction = _prediction(df, artifact, kind, params)
    else:
        from mlflow.pyfunc import spark_udf

        apart = spark_udf(df.sparkSession, str(artifact.raw_model), kind, env_manager, params)
        prediction = apart(F.struct(*_inputs(artifact)))
    names = [*df.columns, *wanted]
    return frame.withColumn(PREDICTION, prediction).select(*map(lakehouse.quoted, [*names, PREDICTION]))


def _spark_type(result_type: str | DataType) -> DataType:
    """Return the type of predictions; refuse what is none."""
    from pyspark.errors import PySparkException
    from pyspark.sql.types import DataType

    if isinstance(result_type, DataType):
        return result_type
    try:
        return DataType.fromDDL(result_type)
    except PySparkException as error:
        raise InvalidInputError(
            f"result_type={result_type!r} is no type of Spark: write double, string, array<double> or the like."
        ) from error


def _prediction(df: DataFrame, artifact: ModelArtifact, result_type: DataType, params: dict[str, Any] | None) -> Column:
    """Return the column of predictions.

    The model's files travel as one broadcast and are loaded once per task, by its own flavor: a worker needs neither the
    registry nor this package. Only the model's inputs go to Python, with the types of its
    signature: pandas would make of a nullable integer now an integer, now a float. One thread per task, for Spark has a
    task per core.
    """
    import pandas as pd
    from pyspark.sql import functions as F
    from pyspark.sql.pandas.functions import pandas_udf
    from pyspark.sql.types import ArrayType, StructType

    several = isinstance(result_type, ArrayType)
    structured, name = isinstance(result_type, StructType), result_type.simpleString()
    as_numbers = result_type.typeName() in ("double", "float")
    packed = _sent(df.sparkSession, _zipped(artifact.raw_model))

    def predict(batches: Iterator[pd.DataFrame]) -> Iterator[pd.Series]:
        import tempfile
        import warnings

        import mlflow
        from threadpoolctl import threadpool_limits

        with tempfile.TemporaryDirectory() as folder, threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            zipfile.ZipFile(io.BytesIO(packed())).extractall(folder)
            model = mlflow.pyfunc.load_model(folder)
            for rows in batches:
                found = model.predict(rows, params=params) if len(rows) else []
                if hasattr(found, "columns") and structured:
                    yield found  # type: ignore[misc]
                    continue
                values: Any = found.to_numpy() if hasattr(found, "to_numpy") else found
                width = len(values[0]) if getattr(values, "ndim", 1) == 2 and len(values) else 1
                if several and getattr(values, "ndim", 1) == 2:
                    yield pd.Series(list(values))
                elif width == 1:
                    one = pd.Series(values.ravel() if hasattr(values, "ravel") else values)
                    yield one.astype(float) if as_numbers and one.dtype == bool else one
                else:
                    message = f"The model gives {width} values per row: use result_type='array<double>', not {name!r}."
                    raise ValueError(message)

    # Spark reads the kind of function off real types, which the module's own hints, kept as text, are not.
    predict.__annotations__ = {"batches": Iterator[pd.DataFrame], "return": Iterator[pd.Series]}
    result: Column = pandas_udf(predict, result_type)(F.struct(*_inputs(artifact)))  # type: ignore[call-overload]
    return result


def _sent(spark: SparkSession, data: bytes) -> Callable[[], bytes]:
    """Return what gives the data on a worker: by a broadcast, or within the function itself on Spark Connect, which has none."""
    if lakehouse.is_connect(spark):
        return lambda: data
    packed = spark.sparkContext.broadcast(data)
    return lambda: packed.value


def _inputs(artifact: ModelArtifact) -> list[Column]:
    """Return what the raw model takes: the columns of its signature, cast to its types; without one all of the spec."""
    import mlflow

    signature = mlflow.models.Model.load(str(artifact.raw_model)).signature
    if signature is None or not signature.inputs.has_input_names():
        return [lakehouse.column(column.name) for column in artifact.spec.columns]
    known = {column.name for column in (*artifact.spec.source, *artifact.spec.computed)}
    taken = [column for column in signature.inputs.inputs if column.name in known]
    return [lakehouse.column(c.name).cast(_SPARK_TYPES.get(c.type.name, "string")).alias(c.name) for c in taken]


def _zipped(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return packed.getvalue()


def _warn_of_new_tables(df: DataFrame, artifact: ModelArtifact) -> None:
    for step in artifact.spec.lookups:
        found = get_feature_table(df.sparkSession, step.table).table_id
        if found != step.table_id:
            warnings.warn(
                f"{step.table} was dropped and made again since the model was trained (table id {step.table_id} then, {found} "
                "now): its values may mean something else.",
                stacklevel=3,
            )
