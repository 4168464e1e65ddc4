"""Request bodies in CSV: a header with the columns' names, then a line for each row, as MLflow's scoring server takes them."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from headwater.serving.http.requests import Request, RequestError, too_many_rows
from headwater.serving.online.lookup import RequestValueError

__all__ = ["parse_csv"]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_JSON_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_MOST_DIGITS = 400  # the largest double has 309
_TRUTH = {"true": True, "false": False}
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double")


def parse_csv(body: bytes, most_rows: int, columns: Mapping[str, str]) -> Request:
    r"""Return the rows of a CSV body, as JSON values.

    An empty cell is a missing value (null), also where it is quoted, and also in a column of texts. Cells of nested types are
    JSON. A column without a name (an index that pandas wrote) and empty lines are left out.

    Parameters
    ----------
    body
        UTF-8, with or without a byte order mark; commas, double quotes, a header.
    columns
        Names and SQL types of the columns that the endpoint knows. The cells of other columns are whole numbers, numbers or
        booleans if all cells of the column are, else texts.

    Raises
    ------
    RequestError
        The body is empty, is not UTF-8, has no rows, two columns of one name, or a row of another length than the header;
        there are too many rows (413).
    RequestValueError
        A cell is NaN or infinite, or is no JSON where the column's type is nested.

    Examples
    --------
    >>> parse_csv(b"id,amount,city\n007,1.5,\n8,2,Oslo\n", 10, {"id": "string", "amount": "double"}).rows
    [{'id': '007', 'amount': 1.5, 'city': None}, {'id': '8', 'amount': 2, 'city': 'Oslo'}]
    """
    names, lines = _cells(body, most_rows)
    kept = {name: at for at, name in enumerate(names) if name}
    values = {name: _column(name, columns.get(name), [line[at] for line in lines]) for name, at in kept.items()}
    return Request([dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)])


def _cells(body: bytes, most_rows: int) -> tuple[list[str], list[list[str]]]:
    """Return the header and the cells of each row."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(
            f"The body is not UTF-8 (byte {error.start}): CSV must be encoded as UTF-8, whatever its charset."
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[list[str]] = []
    names: list[str] = []
    try:
        for line in filter(None, reader):
            if not names:
                names = _header(line)
                continue
            if len(line) != len(names):
                raise RequestError(
                    f"Row {len(lines)} of the CSV (line {reader.line_num}) has {len(line)} cells, and the header has "
                    f"{len(names)} names: quote cells that hold commas, and write an empty cell for a missing value."
                )
            lines.append(line)
            if len(lines) > most_rows:
                raise too_many_rows(f"more than {most_rows:,}", most_rows)
    except csv.Error as error:
        raise RequestError(f"The CSV cannot be read at line {reader.line_num}: {error}.") from error
    if not lines:
        found = "a header and no rows" if names else "nothing in it"
        raise RequestError(f"The CSV has {found}: send a line with the columns' names, then a line for each row.")
    return names, lines


def _header(line: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    for name in filter(None, line):
        if name in seen:
            raise RequestError(f"The CSV has two columns {name[:50]!r}: give each column a name of its own.")
        seen.add(name)
    if not any(line):
        raise RequestError("The first line of the CSV has no names: write the columns' names into it.")
    return list(line)


def _column(name: str, kind: str | None, cells: Sequence[str]) -> list[Any]:
    """Return a column's cells as the JSON values that its type is written with."""
    if kind is None:
        return _inferred(cells)
    read = _reader(kind)
    values: list[Any] = []
    for at, cell in enumerate(cells):
        try:
            values.append(read(cell) if cell else None)
        except ValueError as error:
            raise RequestValueError(at, name, str(error)) from error
    return values


def _reader(kind: str) -> Callable[[str], Any]:
    """Return what makes a JSON value of a cell; the checks of types, which all forms of bodies share, come after it."""
    if kind in _NUMBERS:
        return lambda cell: _number(cell.strip(), kind)
    if kind == "boolean":
        return lambda cell: _TRUTH.get(cell.strip().lower(), cell)
    if kind.startswith(("array<", "map<", "struct<")):
        return lambda cell: _nested(cell, kind)
    return str if kind in ("string", "binary") else str.strip


def _number(cell: str, kind: str) -> Any:
    if not _NUMBER.fullmatch(cell):
        if _NOT_FINITE.fullmatch(cell):
            message = f"found NaN or an infinity, not a finite {kind}; an empty cell is a missing value"
            raise ValueError(message)
        return cell
    whole = cell.lstrip("+-").isdigit()
    number = math.inf if whole and len(cell) > _MOST_DIGITS else int(cell) if whole else float(cell)
    if number in (math.inf, -math.inf):
        message = f"the number is beyond the range of {kind}"
        raise ValueError(message)
    return number


def _nested(cell: str, kind: str) -> Any:
    try:
        return msgspec.json.decode(cell)
    except (msgspec.DecodeError, RecursionError) as error:
        message = f"found a text that is not JSON, not {kind}"
        raise ValueError(message) from error


def _inferred(cells: Sequence[str]) -> list[Any]:
    """Return the cells of a column whose type nobody knows: numbers or booleans if all are, else texts."""
    given = [cell for cell in cells if cell]
    if given and all(cell.lower() in _TRUTH for cell in given):
        return [_TRUTH[cell.lower()] if cell else None for cell in cells]
    if given and all(len(cell) < 20 and _JSON_NUMBER.fullmatch(cell) for cell in given):
        numbers = [float(cell) if set(cell) & set(".eE") else int(cell) if cell else None for cell in cells]
        if all(number is None or math.isfinite(number) for number in numbers):
            return numbers
    return [cell or None for cell in cells]
