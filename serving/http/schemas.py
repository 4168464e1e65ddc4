"""JSON Schema of requests and answers: what a client can know of an endpoint's columns before it asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["REFUSAL", "answer_schema", "column_schema", "request_schema"]

_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    **{
        kind: {"type": ["integer", "null"], "minimum": -(2**bits), "maximum": 2**bits - 1}
        for kind, bits in (("tinyint", 7), ("smallint", 15), ("int", 31), ("bigint", 63))
    },
    "float": {"type": ["number", "null"]},
    "double": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "binary": {"type": ["string", "null"], "contentEncoding": "base64"},
    "date": {"type": ["string", "null"], "description": "A date like 2026-01-31."},
    "timestamp": {
        "type": ["string", "null"],
        "description": "A time like 2026-01-31T12:30:00Z; without an offset it is UTC.",
    },
    "timestamp_ntz": {"type": ["string", "null"], "description": "A time like 2026-01-31T12:30:00."},
    "string": {"type": ["string", "null"]},
    "decimal": {"type": ["number", "string", "null"]},
    "array": {"type": ["array", "null"]},
    "map": {"type": ["object", "array", "null"]},
    "struct": {"type": ["object", "array", "null"]},
}
REFUSAL: Mapping[str, Any] = {
    "type": "object",
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
    "required": ["error_code", "message"],
}


def column_schema(kind: str) -> dict[str, Any]:
    """Return the schema of a column's values in JSON; each may be null.

    Examples
    --------
    >>> column_schema("tinyint")
    {'type': ['integer', 'null'], 'minimum': -128, 'maximum': 127}
    >>> column_schema("array<int>")
    {'type': ['array', 'null'], 'description': 'array<int>'}
    """
    schema = _SCHEMAS.get(kind)
    if schema is not None:
        return dict(schema)
    kin = kind.partition("<")[0].partition("(")[0]
    return {**_SCHEMAS.get(kin, {}), "description": kind}


def request_schema(columns: Mapping[str, str], required: Collection[str]) -> dict[str, Any]:
    """Return the schema of a JSON body: one of the four forms of rows, and the fields beside them.

    Parameters
    ----------
    columns
        Names and SQL types of the columns that a row may give; empty: rows of any form, numbers without names too.
    required
        Columns that a row must give.
    """
    row: dict[str, Any] = {"type": "object", "additionalProperties": True}
    rows: dict[str, Any] = {"type": "array"}
    if columns:
        row |= {"properties": {name: column_schema(kind) for name, kind in columns.items()}}
        row |= {"required": sorted(required)} if required else {}
        rows |= {"items": row}
    split = {
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "data": {"type": "array", "items": {"type": "array"}},
        },
        "required": ["columns", "data"],
    }
    by_column = {"type": "object", "additionalProperties": {"type": "array"}}
    forms = {
        "dataframe_records": {"type": "array", "items": row},
        "dataframe_split": split,
        "instances": rows,
        "inputs": {"oneOf": [by_column, rows]} if columns else {},
    }
    beside = {
        "client_request_id": {"type": ["string", "null"]},
        "params": {"type": ["object", "null"]},
        "usage_context": {"type": ["object", "null"]},
        "explain": {"type": ["boolean", "null"]},
    }
    return {
        "type": "object",
        "properties": {**forms, **beside},
        "oneOf": [{"required": [form]} for form in forms],
    }


def answer_schema(outputs: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of an answer: features by their names, or a model's predictions.

    Parameters
    ----------
    outputs
        Names and SQL types of a feature spec's columns; empty for a model.
    """
    explained = {"features": {"type": "array", "items": {"type": "object"}}}
    if not outputs:
        return {
            "type": "object",
            "properties": {"predictions": {"type": "array"}, **explained},
            "required": ["predictions"],
        }
    values = {name: column_schema(kind) for name, kind in outputs.items()}
    row = {"type": "object", "properties": values, "required": list(outputs), "additionalProperties": False}
    rows = {"type": "array", "items": row}
    return {"type": "object", "properties": {"outputs": rows, **explained}, "required": ["outputs"]}
