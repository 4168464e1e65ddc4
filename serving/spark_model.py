"""Raw models of Spark (MLflow's ``spark`` flavor): applied by Spark itself, where the rows are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.lakehouse import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType

__all__ = ["SparkRawModel", "is_spark_model", "with_spark_answers"]

_ROW, _ANSWER, _PLACE = "__row", "__answer", "__place"


def is_spark_model(raw_model: Path) -> bool:
    """Say whether a raw model is one of Spark alone."""
    import mlflow.models

    return set(mlflow.models.Model.load(str(raw_model)).flavors) - {"python_function"} == {"spark"}


def with_spark_answers(
    frame: DataFrame, raw_model: Path, inputs: Sequence[Column], result_type: DataType, name: str
) -> DataFrame:
    """Return `frame` with the answers of a Spark model in the column `name`; lazily, without Python on the workers.

    A classifier whose signature gives probabilities answers an array of them, any other model its prediction.

    Parameters
    ----------
    inputs
        The model's inputs, from `frame`, with the types of its signature.

    Raises
    ------
    InvalidInputError
        The model gives several values per row and `result_type` is no array.
    """
    from pyspark.sql import functions as F
    from pyspark.sql.types import ArrayType

    several = _gives_several(raw_model)
    if several and not isinstance(result_type, ArrayType):
        raise InvalidInputError(
            f"The model in {raw_model} gives several values per row: use result_type='array<double>', not "
            f"{result_type.simpleString()!r}."
        )
    # The pipeline's own columns stand beside its inputs alone, so that none of them meets a column of the rows.
    apart = frame.select(F.struct(*map(lakehouse.column, frame.columns)).alias(_ROW), *inputs)
    model = _loaded(raw_model)
    answered = model.transform(apart)
    answer = _answer(model, several=several)
    found: DataFrame = answered.select(f"{_ROW}.*", answer.cast(result_type).alias(name))
    return found


class SparkRawModel:
    """A raw model of Spark for frames of pandas, as MLflow's ``pyfunc`` calls it: a Spark job per call, in this process."""

    def __init__(self, raw_model: Path) -> None:
        self._several = _gives_several(raw_model)
        self._model = _loaded(raw_model)
        self._kinds = _input_kinds(raw_model)

    def predict(self, data: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        """Return an array of one answer per row: of probabilities, or a number."""
        import numpy as np

        del params
        kinds = {name: kind for name, kind in self._kinds.items() if name in data.columns}
        schema = ", ".join(f"{lakehouse.quoted(name)} {kind}" for name, kind in {**kinds, _PLACE: "bigint"}.items())
        rows = _spark().createDataFrame(data[list(kinds)].assign(**{_PLACE: np.arange(len(data))}), schema)
        answered = self._model.transform(rows).select(
            _PLACE, _answer(self._model, several=self._several).alias(_ANSWER)
        )
        found = answered.toPandas().sort_values(_PLACE)[_ANSWER]
        return np.array(found.tolist(), dtype=np.float64)


def _spark() -> Any:
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    return active if active is not None else lakehouse.session()


def _input_kinds(raw_model: Path) -> dict[str, str]:
    """Return Spark's types of the signature's inputs, by their names."""
    import mlflow.models

    from headwater.serving.inputs import SQL_TYPES

    signature = mlflow.models.Model.load(str(raw_model)).signature
    if signature is None or signature.inputs is None:
        raise InvalidInputError(
            f"The Spark model in {raw_model} has no signature that names its inputs: log it with one."
        )
    return {str(one.name): SQL_TYPES[one.type.name] for one in signature.inputs.inputs}


def _loaded(raw_model: Path) -> Any:
    import mlflow.spark

    return mlflow.spark.load_model(
        str(raw_model), dfs_tmpdir=str(lakehouse.Settings().home / "scratch" / "mlflow-spark")
    )


def _gives_several(raw_model: Path) -> bool:
    """Say whether the signature's only output has a row of values per row."""
    import mlflow.models

    signature = mlflow.models.Model.load(str(raw_model)).signature
    outputs = signature.outputs if signature is not None else None
    return outputs is not None and len(getattr(outputs.inputs[0], "shape", ())) == 2


def _answer(model: Any, *, several: bool) -> Column:
    from pyspark.ml.functions import vector_to_array
    from pyspark.sql import functions as F

    wanted = "probabilityCol" if several else "predictionCol"
    for stage in reversed(model.stages):
        if stage.hasParam(wanted):
            found = F.col(stage.getOrDefault(wanted))
            return vector_to_array(found) if several else found
    raise InvalidInputError(
        f"The pipeline's stages ({', '.join(type(one).__name__ for one in model.stages)}) have no {wanted}: log another one."
    )
