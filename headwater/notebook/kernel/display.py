"""What ``display`` shows of a thing, by MIME type: tables, figures, and whatever speaks Jupyter's display protocol."""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from headwater.notebook.kernel.short_floats import shorten_floats
from headwater.notebook.kernel.tables import Bundle, Redact, table_bundle

__all__ = ["ROWS", "bundle", "close_figures", "display_bundle", "figure_bundle"]

ROWS = 1000
_METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_latex_": "text/latex",
}


def display_bundle(thing: Any, redacted: Redact = str) -> Bundle:
    """Return what ``display(thing)`` shows: Spark and pandas frames and lists of rows as tables of at most 1,000 rows.

    A Spark frame costs one job that brings 1,001 rows to the driver; a streaming one runs on what is there now.
    `redacted` takes the secrets out of each value's text before it is cut short or escaped.

    Examples
    --------
    >>> display_bundle([{"a": 1}, {"a": 2}])["text/html"].count("<tr>")
    3
    """
    if _is(thing, "pyspark.sql", "DataFrame"):
        return _spark_bundle(thing, redacted)
    if _is(thing, "pandas.core", "Series"):
        thing = thing.to_frame()
    if _is(thing, "pandas.core", "DataFrame"):
        return _pandas_bundle(thing, redacted)
    if isinstance(thing, list | tuple) and thing and (rows := _rows(thing)):
        columns, values = rows
        return table_bundle(columns, values[:ROWS], cut=len(values) > ROWS, redacted=redacted)
    return bundle(thing)


def bundle(thing: Any) -> Bundle:
    """Return how a value shows itself, as the value of a cell's last expression does.

    Examples
    --------
    >>> bundle("a")
    {'text/plain': "'a'"}
    """
    if _is(thing, "matplotlib", "Figure"):
        return figure_bundle(thing)
    if _is(thing, "plotly", "Figure") or _is(thing, "plotly", "FigureWidget"):
        return _plotly_bundle(thing)
    shown: Bundle = {}
    if (made := _called(thing, "_repr_mimebundle_")) is not None:
        shown.update(made[0] if isinstance(made, tuple) else made)
    for method, kind in _METHODS.items():
        if kind not in shown and (value := _called(thing, method)) is not None:
            value = value[0] if isinstance(value, tuple) else value
            shown[kind] = base64.b64encode(value).decode() if isinstance(value, bytes) else value
    shown.setdefault("text/plain", _plain(thing))
    return shown


def figure_bundle(figure: Any) -> Bundle:
    """Return a Matplotlib figure as PNG, and close it, so that it is not shown again at the cell's end."""
    picture = io.BytesIO()
    figure.savefig(picture, format="png", bbox_inches="tight")
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)
    return {"image/png": base64.b64encode(picture.getvalue()).decode(), "text/plain": repr(figure)}


def close_figures() -> list[Bundle]:
    """Return the pyplot figures that are still open, and close them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return [figure_bundle(pyplot.figure(number)) for number in pyplot.get_fignums()] if pyplot else []


def _spark_bundle(df: Any, redacted: Redact) -> Bundle:
    if df.isStreaming:
        df = _arrived(df)
    if not df.columns:
        return {"text/plain": "OK"}
    rows = df.limit(ROWS + 1).collect()
    shown = shorten_floats(rows[:ROWS], df.schema)
    return table_bundle(df.columns, shown, cut=len(rows) > ROWS, redacted=redacted)


def _arrived(df: Any) -> Any:
    """Return what a streaming frame has now, as a frame of memory."""
    name = f"display_{id(df):x}"
    query = df.writeStream.format("memory").queryName(name).trigger(availableNow=True).start()
    query.awaitTermination()
    return df.sparkSession.table(name)


def _pandas_bundle(frame: Any, redacted: Redact) -> Bundle:
    top = frame.head(ROWS)
    named = any(name is not None for name in frame.index.names)
    top = top.reset_index() if named and not set(frame.index.names) & set(frame.columns) else top
    # Values of float32 stay such: as Python's they would be written with digits that they do not have.
    rows = list(zip(*(list(top.iloc[:, at].array) for at in range(top.shape[1])), strict=True))
    return table_bundle([str(column) for column in top.columns], rows, cut=len(frame) > ROWS, redacted=redacted)


def _plotly_bundle(figure: Any) -> Bundle:
    return {
        "application/vnd.plotly.v1+json": json.loads(figure.to_json()),
        "text/html": figure.to_html(full_html=False, include_plotlyjs="cdn"),
        "text/plain": "A Plotly figure",
    }


def _rows(things: Sequence[Any]) -> tuple[list[str], list[Sequence[Any]]] | None:
    """Return columns and rows of a list of dicts, named tuples or Spark rows; None for a list of anything else."""
    first = things[0]
    if all(isinstance(one, Mapping) for one in things):
        columns = list(dict.fromkeys(str(key) for one in things for key in one))
        return columns, [[one.get(column) for column in columns] for one in things]
    names = getattr(first, "_fields", None) or getattr(first, "__fields__", None)
    if names and all(isinstance(one, tuple) and len(one) == len(names) for one in things):
        return list(names), list(things)
    return None


def _plain(thing: Any) -> str:
    try:
        return repr(thing)
    except Exception as error:  # noqa: BLE001 - a user's own __repr__ may raise anything
        return f"<{type(thing).__name__} whose repr raised {type(error).__name__}>"


def _called(thing: Any, method: str) -> Any:
    function = getattr(type(thing), method, None)
    if function is None:
        return None
    try:
        return function(thing)
    except Exception:  # noqa: BLE001 - a display method may raise anything; the next form is taken
        return None


def _is(thing: Any, package: str, name: str) -> bool:
    """Say whether a class of this name and package is among the thing's; loads no package."""
    return any(kind.__name__ == name and kind.__module__.startswith(package) for kind in type(thing).__mro__)
