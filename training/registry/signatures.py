"""What MLflow is told of a model with its features: the outer signature, and example rows that JSON can hold."""

from __future__ import annotations

import decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import ModelSignature

    from headwater.features import FeatureSpec

__all__ = ["json_rows", "outer_signature"]

_TYPES = {
    "bigint": "long",
    "binary": "binary",
    "boolean": "boolean",
    "date": "datetime",
    "double": "double",
    "float": "float",
    "int": "integer",
    "smallint": "integer",
    "string": "string",
    "timestamp": "datetime",
    "timestamp_ntz": "datetime",
    "tinyint": "integer",
}


def outer_signature(spec: FeatureSpec, raw: ModelSignature | None) -> ModelSignature:
    """Return the signature of the model with its features: source columns required, computed ones optional.

    MLflow drops every column that the signature lacks, so each has a type. Types without an equal in MLflow (decimals,
    arrays, structs, maps) are ``Any``: MLflow's own nested types refuse the NULLs that Spark's hold, and a decimal would be
    rounded to a double. The loaded model casts such values to the type in the feature spec.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec
    from mlflow.types.schema import AnyType

    anything = AnyType()  # type: ignore[no-untyped-call]
    required = {column.name for column in spec.source if column.name in spec.required}
    columns: list[ColSpec | TensorSpec] = [
        ColSpec(type=_TYPES.get(column.type) or anything, name=column.name, required=column.name in required)
        for column in (*[c for c in spec.source if c.name in required], *spec.computed)
    ]
    return ModelSignature(inputs=Schema(columns), outputs=raw.outputs if raw is not None else None)


def json_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with decimals as floats and nested values as dicts and lists, which MLflow writes as JSON."""
    import pandas as pd

    plain = [name for name in rows.columns if rows[name].dtype == object]
    values = {name: [_json_value(value) for value in rows[name]] for name in plain}
    return rows.assign(**{name: pd.Series(values[name], rows.index, dtype=object) for name in plain})


def _json_value(value: Any) -> Any:
    import numpy as np

    if isinstance(value, decimal.Decimal):
        return float(value)
    if hasattr(value, "asDict"):  # a Row of Spark, which is a tuple too
        value = value.asDict()
    if isinstance(value, dict):
        return {str(key): _json_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_json_value(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value
