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
from headwater.serving.inputs import model_inputs, model_output
from headwater.serving.packaged_model import ModelArtifact, open_model
from headwater.serving.spark_model import is_spark_model, with_spark_answers

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import Column, DataFrame, SparkSession
    from pyspark.sql.types import DataType

__all__ = ["score_batch"]

_NUMBERS = ("boolean", "byte", "double", "float", "integer", "long", "short")
_ENVIRONMENTS = ("conda", "local", "uv", "virtualenv")


def score_batch(
    model: str | ModelArtifact,
    df: DataFrame,
    result_type: str | DataType = "double",
    params: dict[str, Any] | None = None,
    *,
    env_manager: str = "local",
) -> DataFrame:
    """Return `df` with the features that the model needs, and a column ``prediction``.

    Parameters
    ----------
    model
        A model logged with a feature spec, by its URI: ``models:/main.ml.m@champion``, ``models:/m/3``, ``runs:/…``. Or what
        :func:`open_model` gave, whose files are then not fetched and hashed again.
    df
        Rows with the keys, times and request-time columns of the training set; labels are not needed. A column named like
        a feature is taken instead of looking the feature up.
    result_type
        Spark type of the prediction, or its name; a model of text classes needs ``string``, one that gives several numbers
        per row (probabilities) ``array<double>``, one that gives a frame ``struct<…>`` of its columns.
    params
        Handed on to the model's ``predict``.
    env_manager
        ``local``: the model runs in this environment. ``virtualenv``, ``uv`` or ``conda``: in one of its own, which MLflow
        makes on every machine that scores.

    Returns
    -------
    DataFrame
        The columns of `df`, computed inputs of the model that are not excluded, ``prediction``. Every row once.
        The model is run when the result is used; one of Spark by Spark itself, without Python on the workers. The features are
        looked up here and now where they lie on this machine and fit its memory; else lazily.

    Raises
    ------
    InvalidInputError
        The model predicts text and `result_type` is a number; or `df` is a stream, has a ``prediction`` already, or lacks
        columns: all that are missing are named.
    """
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F

    given: object = df
    if not isinstance(given, DataFrame):
        given_type = f"{type(df).__module__.split('.')[0]}.{type(df).__name__}"
        raise InvalidInputError(
            f"score_batch takes a Spark DataFrame, found {given_type}: use spark.createDataFrame(df)."
        )
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
    artifact = open_model(model) if isinstance(model, str) else model
    spec, model_uri = artifact.spec, artifact.model_uri
    if kind.typeName() in _NUMBERS and getattr(model_output(artifact.raw_model), "name", "") == "string":
        raise InvalidInputError(
            f"The model {model_uri} predicts text, not {kind.simpleString()}: use result_type='string'."
        )
    missing = [name for name in spec.required if name not in df.columns]
    if missing:
        raise MissingColumnsError(missing, "df", df.columns, f"needed to score {model_uri}")
    _check_tables(df, artifact)
    looked_up = [c.name for c in spec.computed if c.name not in spec.exclude and c.name not in df.columns]
    frame = artifact.read_features(df)
    names = [*df.columns, *looked_up]
    if is_spark_model(artifact.raw_model):
        inputs = model_inputs(artifact.spec, artifact.raw_model, frame)
        scored = with_spark_answers(frame, artifact.raw_model, inputs, kind, PREDICTION)
        return scored.select(*map(lakehouse.quoted, [*names, PREDICTION]))
    if env_manager == "local":
        prediction = _prediction(frame, artifact, kind, params)
    else:
        from mlflow.pyfunc import spark_udf

        apart = spark_udf(df.sparkSession, str(artifact.raw_model), kind, env_manager, params)
        prediction = apart(F.struct(*model_inputs(artifact.spec, artifact.raw_model, frame)))
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
            f"result_type={result_type!r} is not a type of Spark: use double, string, array<double> or another type."
        ) from error


def _prediction(
    frame: DataFrame, artifact: ModelArtifact, result_type: DataType, params: dict[str, Any] | None
) -> Column:
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
    as_numbers, as_number = result_type.typeName() in ("double", "float"), result_type.typeName() in _NUMBERS
    packed = _sent(frame.sparkSession, _zipped(artifact.raw_model))

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
                    text = next((value for value in one if isinstance(value, str)), None) if as_number else None
                    if text is not None:
                        message = (
                            f"The model predicts text, for example {text!r}, not {name}: use result_type='string'."
                        )
                        raise ValueError(message)
                    yield one.astype(float) if as_numbers and one.dtype == bool else one
                else:
                    message = f"The model gives {width} values per row: use result_type='array<double>', not {name!r}."
                    raise ValueError(message)

    # Spark reads the kind of function off real types, which the module's own hints, kept as text, are not.
    predict.__annotations__ = {"batches": Iterator[pd.DataFrame], "return": Iterator[pd.Series]}
    result: Column = pandas_udf(predict, result_type)(F.struct(*model_inputs(artifact.spec, artifact.raw_model, frame)))  # type: ignore[call-overload]
    return result


def _sent(spark: SparkSession, data: bytes) -> Callable[[], bytes]:
    """Return what gives the data on a worker: by a broadcast, or within the function itself on Spark Connect, which has none."""
    if lakehouse.is_connect(spark):
        return lambda: data
    packed = spark.sparkContext.broadcast(data)
    return lambda: packed.value


def _zipped(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return packed.getvalue()


def _check_tables(df: DataFrame, artifact: ModelArtifact) -> None:
    """Raise if a feature is gone or has another type since training; warn if its table was dropped and made again."""
    for step in artifact.spec.lookups:
        table = get_feature_table(df.sparkSession, step.table)
        types = {field.name: field.dataType.simpleString() for field in table.schema}
        for feature, output, kind in step.features:
            if output in df.columns or types.get(feature) == kind:
                continue
            now = f"is {types[feature]} now" if feature in types else "is no column of that table now"
            raise InvalidInputError(
                f"The model {artifact.model_uri} was trained with the feature {feature!r} of {step.table}, which was {kind} and "
                f"{now}: train the model again, or give df a column {output!r}. {lakehouse.known(feature, table.features)}"
            )
        if table.table_id != step.table_id:
            warnings.warn(
                f"{step.table} was dropped and made again since the model was trained (table id {step.table_id} then, "
                f"{table.table_id} now): its values may mean something else.",
                stacklevel=3,
            )
