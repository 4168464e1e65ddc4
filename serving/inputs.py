"""Inputs of the raw model: the columns of its signature, with the types of Spark that its signature names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.features import FeatureSpec

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType

__all__ = ["SQL_TYPES", "model_inputs", "model_output"]

# By the names of MLflow's types.
SQL_TYPES = {
    "binary": "binary",
    "boolean": "boolean",
    "datetime": "timestamp",
    "double": "double",
    "float": "float",
    "integer": "int",
    "long": "bigint",
    "string": "string",
}
_TENSORS = {
    "bool": "boolean",
    "float32": "float",
    "float64": "double",
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
}


def model_inputs(spec: FeatureSpec, raw_model: Path, frame: DataFrame) -> list[Column]:
    """Return the columns of `frame` that the raw model takes, cast to the types of its signature.

    Without a signature, and for an unnamed tensor, all input columns of the spec in its order. Scalars, arrays, objects and
    maps are cast element by element; a type that MLflow does not describe (``Any``) stays as it is. Elements of a tensor
    are cast to the tensor's type, and nested arrays are flattened, for MLflow gives them the tensor's shape itself.
    """
    import mlflow

    signature = mlflow.models.Model.load(str(raw_model)).signature
    types = {field.name: field.dataType for field in frame.schema}
    inputs = signature.inputs if signature is not None else None
    if inputs is None or (not inputs.is_tensor_spec() and not inputs.has_input_names()):
        return [lakehouse.column(column.name) for column in spec.columns]
    if not inputs.has_input_names():
        kind = str(inputs.inputs[0].type)
        return [_tensor_column(column.name, types[column.name], kind) for column in spec.columns]
    known = {column.name for column in (*spec.source, *spec.computed)}
    taken = [one for one in inputs.inputs if one.name in known]
    if inputs.is_tensor_spec():
        return [_tensor_column(one.name, types[one.name], str(one.type)) for one in taken]
    return [_cast(one.name, types[one.name], one.type) for one in taken]


def model_output(raw_model: Path) -> Any:
    """Return MLflow's type of the model's only output, for example ``DataType.string``; None if it has several or none."""
    import mlflow

    signature = mlflow.models.Model.load(str(raw_model)).signature
    outputs = signature.outputs if signature is not None else None
    return outputs.inputs[0].type if outputs is not None and len(outputs.inputs) == 1 else None


def _cast(name: str, found: DataType, wanted: Any) -> Column:
    kind, value = _spark_type(found, wanted), lakehouse.column(name)
    nested = kind.typeName() in ("array", "map", "struct")
    cast = value.cast(kind) if nested else lakehouse.utc_cast(value, found.simpleString(), kind.simpleString())
    return cast.alias(name)


def _tensor_column(name: str, found: DataType, kind: str) -> Column:
    from pyspark.sql import functions as F
    from pyspark.sql.types import ArrayType

    value, element = lakehouse.column(name), found
    while isinstance(element, ArrayType) and isinstance(element.elementType, ArrayType):
        value, element = F.flatten(value), element.elementType
    wanted = _TENSORS.get(kind)
    if wanted is not None:
        value = value.cast(f"array<{wanted}>" if isinstance(element, ArrayType) else wanted)
    return value.alias(name)


def _spark_type(found: DataType, wanted: Any) -> DataType:
    """Return the type of Spark that a column of type `found` is cast to so that MLflow takes it for `wanted`."""
    from mlflow.types.schema import Array, Map, Object
    from mlflow.types.schema import DataType as Scalar
    from pyspark.sql import types as t

    if isinstance(wanted, Scalar):
        return lakehouse.spark_type(SQL_TYPES[wanted.name])
    if isinstance(wanted, Array) and isinstance(found, t.ArrayType):
        return t.ArrayType(_spark_type(found.elementType, wanted.dtype), found.containsNull)
    if isinstance(wanted, Map) and isinstance(found, t.MapType):
        return t.MapType(found.keyType, _spark_type(found.valueType, wanted.value_type), found.valueContainsNull)
    if isinstance(wanted, Object) and isinstance(found, t.StructType):
        kinds = {one.name: one.dtype for one in wanted.properties}
        fields = [
            t.StructField(f.name, _spark_type(f.dataType, kinds[f.name]) if f.name in kinds else f.dataType, f.nullable)
            for f in found
        ]
        return t.StructType(fields)
    return found
