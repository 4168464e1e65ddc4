"""An executed notebook as one page that opens offline.

What is marked as HTML here is a notebook's own: its Markdown and what its cells put out, as in Jupyter.
"""

# ruff: noqa: S704

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from headwater.notebook.kernel.results import CellRun, NotebookRun
from headwater.notebook.outputs import Failure, Output, Shown, Stream
from headwater.notebook.reading.cells import Cell

__all__ = ["as_html"]

_PLOTLY = "application/vnd.plotly.v1+json"
_FORMS = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain")


def as_html(run: NotebookRun) -> str:
    """Return the page. Markdown is rendered, code is coloured; Plotly's script is in it once if a figure needs it."""
    from jinja2 import Environment, FileSystemLoader, select_autoescape
    from markupsafe import Markup

    done = {one.cell.number: one for one in run.cells}
    cells = [_cell(cell, done.get(cell.number)) for cell in run.notebook.cells]
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(default=True))
    outputs = [output for one in run.cells for output in one.outputs if isinstance(output, Shown)]
    return templates.get_template("page.html").render(
        title=run.notebook.path.stem,
        cells=cells,
        error=str(run.error) if run.error else "",
        exit_value=run.exit_value,
        seconds=run.seconds,
        code_style=Markup(_code_style()),
        plotly=Markup(_plotly_script()) if any(_PLOTLY in output.data for output in outputs) else "",
    )


def _cell(cell: Cell, done: CellRun | None) -> dict[str, Any]:
    from markupsafe import Markup

    markdown = cell.kind == "markdown"
    return {
        "number": cell.number,
        "title": cell.title,
        "markdown": markdown,
        "source": Markup(_markdown(cell.code) if markdown else _coloured(cell)),
        "outputs": [Markup(_output(output)) for output in done.outputs] if done else [],
        "seconds": done.seconds if done else None,
    }


def _output(output: Output) -> str:
    match output:
        case Stream():
            return f'<pre class="{output.name}">{html.escape(output.text)}</pre>'
        case Failure():
            return f'<pre class="error">{html.escape(output.trace)}</pre>'
        case Shown():
            return _shown(output)


def _shown(output: Shown) -> str:
    if _PLOTLY in output.data:
        import plotly.io

        markup: str = plotly.io.to_html(
            dict(output.data[_PLOTLY]), full_html=False, include_plotlyjs=False, validate=False
        )
        return markup
    kind = next((form for form in _FORMS if form in output.data), "text/plain")
    value = output.data.get(kind, "")
    value = "".join(value) if isinstance(value, list) else str(value)
    if kind in {"text/html", "image/svg+xml"}:
        return f'<div class="shown">{value}</div>'
    if kind.startswith("image/"):
        return f'<img alt="figure" src="data:{kind};base64,{value}">'
    return _markdown(value) if kind == "text/markdown" else f"<pre>{html.escape(value)}</pre>"


def _markdown(text: str) -> str:
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def _coloured(cell: Cell) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name({"sql": "sql", "shell": "bash"}.get(cell.kind, "python"))
    return str(highlight(cell.text, lexer, HtmlFormatter(cssclass="code")))


def _code_style() -> str:
    from pygments.formatters import HtmlFormatter

    return str(HtmlFormatter(cssclass="code").get_style_defs(".code"))


def _plotly_script() -> str:
    from plotly.offline import get_plotlyjs

    return f"<script>{get_plotlyjs()}</script>"
