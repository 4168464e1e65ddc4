"""A table as HTML and as text."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

__all__ = ["Bundle", "Redact", "table_bundle"]

_PLAIN_ROWS = 20
_PLAIN_WIDTH = 40
_PLAIN_LINE = 200
Bundle = dict[str, Any]
Redact = Callable[[str], str]


def table_bundle(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, cut: bool, redacted: Redact = str) -> Bundle:
    """Return a table, by MIME type: whole as HTML; as text 20 rows of the columns that fit 200 characters.

    Parameters
    ----------
    cut
        Whether there are more rows than these.
    redacted
        Takes the secrets out of a value's text, before that is escaped or cut short.
    """
    note = f"Only the first {len(rows):,} rows are shown." if cut else ""
    names = [redacted(str(column)) for column in columns]
    cells = [[redacted(_cell(value)) for value in row] for row in rows]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "\n".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in cells)
    markup = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    return {"text/html": markup + (f"\n<p>{note}</p>" if note else ""), "text/plain": _text_table(names, cells, note)}


def _text_table(columns: Sequence[str], rows: Sequence[Sequence[str]], note: str) -> str:
    shown = [[_short(column) for column in columns]]
    shown += [[_short(text) for text in row] for row in islice(rows, _PLAIN_ROWS)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    widths = widths[: _fitting(widths)]
    lines = [" | ".join(text.ljust(width) for text, width in zip(row, widths, strict=False)).rstrip() for row in shown]
    lines.insert(1, "-+-".join("-" * width for width in widths))
    if len(rows) > _PLAIN_ROWS:
        lines.append(f"… {len(rows) - _PLAIN_ROWS:,} more rows")
    if more := len(columns) - len(widths):
        lines.append(f"… {more:,} more columns")
    return "\n".join([*lines, note] if note else lines)


def _fitting(widths: Sequence[int]) -> int:
    """Return how many columns fit one line of text, at least one."""
    line = 0
    for count, width in enumerate(widths):
        line += width + 3
        if line > _PLAIN_LINE and count:
            return count
    return len(widths)


def _short(text: str) -> str:
    flat = " ".join(text.split("\n"))
    return flat if len(flat) <= _PLAIN_WIDTH else flat[: _PLAIN_WIDTH - 1] + "…"


def _cell(value: Any) -> str:
    return "null" if value is None else str(value)
