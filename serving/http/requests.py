"""What a request says: rows in one of the four forms that clients send, as rows of JSON values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from headwater.lakehouse import InvalidInputError, known

__all__ = ["Request", "RequestError", "parse_request", "too_many_rows"]

_FORMS = ("dataframe_records", "dataframe_split", "instances", "inputs")
_BESIDE = ("params", "client_request_id", "usage_context", "explain", "signature_name", "databricks_options", "stream")
_decode = msgspec.json.Decoder().decode


class RequestError(InvalidInputError):
    """A request cannot be answered as it is; the message names what is wrong and repeats no data."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message, status)
        self.message, self.status = message, status

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Request:
    """A request for predictions.

    Attributes
    ----------
    rows
        Columns and JSON values of each row; empty where `tensor` is given.
    tensor
        ``instances`` or ``inputs`` that are numbers without column names, for models whose input is a tensor.
    explain
        Whether the answer shall say where each feature came from.
    """

    rows: Sequence[Mapping[str, Any]]
    tensor: Any = None
    params: Mapping[str, Any] | None = None
    client_request_id: str | None = None
    explain: bool = False
    usage_context: Mapping[str, Any] = field(default_factory=dict)


def parse_request(body: bytes, most_rows: int) -> Request:
    """Return what a JSON body says.

    Exactly one of ``dataframe_records`` (a list of objects), ``dataframe_split`` (columns and data), ``instances`` (a list of
    objects, or of values without names) and ``inputs`` (an object of columns, or values without names); beside it
    ``params``, ``client_request_id``, ``usage_context`` and ``explain``.

    Raises
    ------
    RequestError
        The body is empty, no JSON, or has another form; there are too many rows (413).
    """
    if not body:
        raise RequestError("The body is empty: send JSON with one of " + ", ".join(_FORMS) + ".")
    try:
        data = _decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        where = str(error).rsplit("(", 1)[-1].rstrip(")") if "byte" in str(error) else "it nests too deeply"
        raise RequestError(f"The body is not JSON ({where}); NaN and Infinity are no JSON, write null.") from error
    if not isinstance(data, dict):
        raise RequestError("The body must be a JSON object with one of " + ", ".join(_FORMS) + ".")
    given = [name for name in _FORMS if name in data]
    if len(given) != 1:
        odd = next((name for name in data if name not in _BESIDE), "")
        hint = known(odd[:50], _FORMS) if not given and odd else ""
        raise RequestError(
            f"The body must have exactly one of {', '.join(_FORMS)}; found {len(given)}. {hint}".rstrip()
        )
    rows, tensor = _rows(given[0], data[given[0]])
    if len(rows) > most_rows:
        raise too_many_rows(f"{len(rows):,}", most_rows)
    identifier = data.get("client_request_id")
    if identifier is not None and not isinstance(identifier, str):
        raise RequestError("client_request_id must be a text.")
    explain = data.get("explain")
    if explain is not None and not isinstance(explain, bool):
        raise RequestError("explain must be true or false.")
    return Request(
        rows=rows,
        tensor=tensor,
        params=_object(data, "params") or None,
        client_request_id=identifier,
        explain=explain is True,
        usage_context=_object(data, "usage_context"),
    )


def too_many_rows(found: str, most_rows: int) -> RequestError:
    """Return the refusal of a request that has more rows than the server takes at once."""
    return RequestError(f"The request has {found} rows; this server takes {most_rows:,} at once: send fewer.", 413)


def _rows(form: str, value: Any) -> tuple[Sequence[Mapping[str, Any]], Any]:
    if form == "dataframe_split":
        return _split(value), None
    if form == "inputs" and isinstance(value, dict):
        columns = {name: one if isinstance(one, list) else [one] for name, one in value.items()}
        lengths = {len(one) for one in columns.values()}
        if len(lengths) > 1:
            raise RequestError("inputs: the columns have different numbers of values.")
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)], None
    if form == "dataframe_records" and isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        raise RequestError(f"{form} must be a list of rows.")
    if all(isinstance(row, dict) for row in value):
        return value, None
    if form == "dataframe_records" or any(isinstance(row, dict) for row in value):
        raise RequestError(f"{form}: every row must be an object of column names and values.")
    return [], value


def _split(value: Any) -> list[dict[str, Any]]:
    columns, data = (value.get("columns"), value.get("data")) if isinstance(value, dict) else (None, None)
    if not isinstance(columns, list) or not isinstance(data, list) or not all(isinstance(c, str) for c in columns):
        raise RequestError(
            "dataframe_split must be an object with columns (a list of names) and data (a list of rows)."
        )
    if any(not isinstance(row, list) or len(row) != len(columns) for row in data):
        raise RequestError(
            f"dataframe_split: every row of data must be a list of {len(columns)} values, as columns has names."
        )
    return [dict(zip(columns, row, strict=True)) for row in data]


def _object(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = data.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RequestError(f"{name} must be an object.")
    return value
