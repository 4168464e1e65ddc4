"""The frame of a page: one HTML file with its style inside, that MLflow's artifact viewer shows and that opens offline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from headwater.training.overview.drawing import node

__all__ = ["figure", "page", "paragraphs", "table"]

_STYLE = """
body { font: 14px/1.45 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; color: #1f2933; background: #fff;
  max-width: 960px; margin: 16px auto; padding: 0 16px; }
h1 { font-size: 21px; } h2 { font-size: 16px; margin: 28px 0 4px; } p { margin: 4px 0 8px; max-width: 75ch; }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
figure { margin: 12px 0; overflow-x: auto; }
figcaption { color: #5a6673; }
.halo { paint-order: stroke; stroke: #fff; stroke-width: 3px; }
.trial { fill: none; stroke-width: 1.4; stroke-opacity: .75; }
.trial:hover { stroke-width: 4; stroke-opacity: 1; }
table { border-collapse: collapse; margin: 8px 0; }
th, td { padding: 3px 10px; text-align: right; border-bottom: 1px solid #e4e7eb; font-weight: normal; }
thead th { color: #5a6673; } th:first-child, th.text, td.text { text-align: left; }
"""


def page(title: str, *parts: object) -> str:
    """Return the page as text."""
    body = Markup("\n").join([node("h1", title), *(Markup(str(part)) for part in parts)])  # noqa: S704 - made of nodes
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{node('title', title)}\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def paragraphs(sentences: Iterable[str]) -> Markup:
    """Return a paragraph each, leaving out empty ones."""
    return Markup("\n").join(node("p", sentence) for sentence in sentences if sentence)


def figure(title: str, caption: str, drawn: Markup) -> Markup:
    """Return a drawing under its title, with how to read it."""
    return Markup("\n").join([node("h2", title), node("figure", drawn, node("figcaption", caption))])


def table(headers: Sequence[str], rows: Sequence[Sequence[object]], *, text: Sequence[str] = ()) -> Markup:
    """Return a table whose first column heads its rows; columns are numbers but for the first and those in `text`."""
    head = node(
        "thead",
        node(
            "tr",
            *(node("th", header, scope="col", class_="text" if header in text else "number") for header in headers),
        ),
    )
    body = [
        node(
            "tr",
            node("th", row[0], scope="row"),
            *(
                node("td", cell, class_="text" if header in text else "number")
                for header, cell in zip(headers[1:], row[1:], strict=True)
            ),
        )
        for row in rows
    ]
    return node("figure", node("table", head, node("tbody", *body)))
