"""A fitted pipeline of ``pyspark.ml`` that answers frames of pandas as scikit-learn's models do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from headwater.lakehouse import InvalidInputError, quoted
from headwater.training.data.pandas_rows import texts_of
from headwater.training.errors import TrainingDataError
from headwater.training.models.families import Columns

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["ANSWER", "SparkModel", "answer_column", "load_spark_model", "padded", "with_weight"]

ANSWER = "__answer"


class SparkModel:
    """What judges a model of Spark: `predict_proba` or `predict` of a frame, computed by one Spark job.

    Parameters
    ----------
    pipeline
        A fitted ``PipelineModel``.
    columns
        Its inputs.
    classes
        The classes, of a classifier, in the order of its probabilities.
    """

    def __init__(self, pipeline: Any, columns: Columns, classes: Sequence[Any] = ()) -> None:
        self.pipeline, self.columns = pipeline, columns
        self.feature_names_in_ = np.array(columns.all, dtype=object)
        if classes:
            self.classes_ = tuple(classes)

    def predict_proba(self, inputs: pd.DataFrame) -> NDArray[np.float64]:
        """Return the probability of each class per row."""
        return padded(self._answers(inputs, several=True), len(getattr(self, "classes_", ())))

    def predict(self, inputs: pd.DataFrame) -> NDArray[np.float64]:
        """Return the predicted number per row."""
        return np.array(self._answers(inputs, several=False), dtype=np.float64)

    def answer(self, rows: DataFrame, *, several: bool) -> DataFrame:
        """Return the rows of Spark that the pipeline gives, with the answer in ``__answer``."""
        answered: DataFrame = self.pipeline.transform(rows)
        return answered.withColumn(ANSWER, answer_column(self.pipeline, several=several))

    def _answers(self, inputs: pd.DataFrame, *, several: bool) -> list[Any]:
        from pyspark.sql import SparkSession

        spark = SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()
        kinds = {
            **dict.fromkeys(self.columns.numeric, "double"),
            **dict.fromkeys(self.columns.strings, "string"),
            "__row": "bigint",
        }
        columns = {
            **{name: inputs[name].astype("float64") for name in self.columns.numeric},
            **{name: texts_of(inputs[name]) for name in self.columns.strings},
        }
        frame = pd.DataFrame(columns, index=inputs.index).assign(__row=np.arange(len(inputs)))
        schema = ", ".join(f"{quoted(name)} {kinds[name]}" for name in kinds)
        rows = self.answer(spark.createDataFrame(frame, schema), several=several)
        found = rows.select("__row", ANSWER).toPandas().sort_values("__row")
        return found[ANSWER].tolist()


def padded(answers: Iterable[Sequence[float]], classes: int) -> NDArray[np.float64]:
    """Return probabilities as rows of one length, `classes` at least: MLlib gives none for a last class that no row had."""
    found = list(answers)
    width = max([classes, *map(len, found)])
    return np.array([[*one, *[0.0] * (width - len(one))] for one in found], dtype=np.float64).reshape(len(found), width)


def answer_column(pipeline: Any, *, several: bool) -> Column:
    """Return what a fitted pipeline answers: its probabilities as an array, or its prediction as a double.

    Raises
    ------
    TrainingDataError
        No stage gives it.
    """
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql import functions as F

    wanted = "probabilityCol" if several else "predictionCol"
    for stage in reversed(getattr(pipeline, "stages", [pipeline])):
        if stage.hasParam(wanted):
            column = F.col(stage.getOrDefault(wanted))
            return vector_to_array(column) if several else column.cast("double")
    last = type(getattr(pipeline, "stages", [pipeline])[-1]).__name__
    raise TrainingDataError(
        "The pipeline",
        f"{last} without {'probabilities' if several else 'a prediction'}",
        "Use a classifier that gives probabilities." if several else "Use a regressor.",
    )


def with_weight(pipeline: Any, column: str | None) -> Any:
    """Return an unfitted pipeline that takes the rows' weights from a column; itself without one.

    Raises
    ------
    TrainingDataError
        Its last stage takes no weights.
    """
    if column is None:
        return pipeline
    last = pipeline.getStages()[-1] if hasattr(pipeline, "getStages") else pipeline
    if not last.hasParam("weightCol"):
        raise TrainingDataError(
            "Weights of rows", f"{type(last).__name__}, which takes no weightCol", "Use another family, or no weight."
        )
    last._set(weightCol=column)  # noqa: SLF001
    return pipeline


def load_spark_model(folder: Path) -> SparkModel:
    """Return a model that was saved with its signature by MLflow's Spark flavor; its inputs are the signature's.

    Raises
    ------
    InvalidInputError
        It has no signature.
    """
    import mlflow.models
    import mlflow.spark

    signature = mlflow.models.Model.load(str(folder)).signature
    if signature is None or signature.inputs is None:
        raise InvalidInputError(f"The Spark model in {folder} has no signature that names its inputs: log it with one.")
    texts = {str(one.name): str(getattr(one.type, "name", "")) == "string" for one in signature.inputs.inputs}
    columns = Columns(tuple(n for n, text in texts.items() if not text), tuple(n for n, text in texts.items() if text))
    return SparkModel(mlflow.spark.load_model(str(folder)), columns)
