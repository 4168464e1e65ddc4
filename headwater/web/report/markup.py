"""Elements of the report's pages; MarkupSafe escapes whatever is not marked as HTML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from markupsafe import Markup as Html
from markupsafe import escape

from headwater.web.report.theme import Chart
from headwater.web.report.wording import first_sentence

__all__ = ["Html", "card", "charts", "element", "folded", "paragraphs", "section", "table"]


# A text cell with more characters is given room, also on a narrow screen, where the table scrolls.
_LONG = 80


def element(tag: str, *content: object, **attributes: str) -> Html:
    """Return an element; content and attributes are escaped, save what is :class:`Html`. ``class_`` stands for ``class``.

    Examples
    --------
    >>> print(element("p", "a < b", class_="note"))
    <p class="note">a &lt; b</p>
    """
    names = {name: name.rstrip("_").replace("_", "-") for name in attributes}
    written = Html("").join(Html(' {}="{}"').format(names[name], value) for name, value in attributes.items())
    return Html("<{}{}>{}</{}>").format(tag, written, Html("").join(map(escape, content)), tag)


def paragraphs(sentences: Iterable[str]) -> Html:
    """Return a paragraph each, leaving out empty ones."""
    return Html("\n").join(element("p", sentence) for sentence in sentences if sentence)


def section(title: str, *content: object) -> Html:
    """Return a section with a heading that links can go to."""
    key = "".join(letter if letter.isalnum() else "-" for letter in title.lower()).strip("-")
    return element("section", element("h2", title, id=key), "\n", *content, aria_labelledby=key)


def card(name: str, value: str, note: str) -> Html:
    """Return one figure of the headline."""
    return element("div", element("dt", name), element("dd", element("b", value), element("span", note)), class_="card")


def folded(text: object, *, brief: bool = False) -> Html:
    """Return the first sentence with the rest folded away; of a gate that passed (`brief`: or refused), all its checks."""
    told = str(text or "—")
    verdict, _, checks = told.partition(": ")
    summary, rest = (
        (f"{verdict}.", checks)
        if checks and (verdict == "Passed" or (brief and verdict == "Refused"))
        else first_sentence(told)
    )
    return element("details", element("summary", summary), element("p", rest)) if rest else escape(summary)


def table(
    caption: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    text: Sequence[str] = (),
    groups: Sequence[tuple[str, int]] = (),
    note: str = "",
) -> Html:
    """Return a table whose first column heads its rows; columns are numbers, aligned right, save the first and those in `text`.

    `groups` are headings over several columns, with how many. It scrolls sideways by itself where it is wider than the screen.
    """
    kinds = ["text" if at == 0 or header in text else "number" for at, header in enumerate(headers)]
    head = [element("th", header, scope="col", class_=kind) for header, kind in zip(headers, kinds, strict=True)]
    above = [element("th", name, scope="colgroup", colspan=str(width), class_="group") for name, width in groups]
    body = []
    for row in rows:
        first = element("th", row[0], scope="row", class_="text")
        cells = [element("td", cell, class_=_class(cell, kind)) for cell, kind in zip(row[1:], kinds[1:], strict=True)]
        body.append(element("tr", first, *cells))
    inner = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *above) if above else Html(""), element("tr", *head)),
        element("tbody", *body),
    )
    scroll = element("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)
    return scroll + element("p", note, class_="note") if note else scroll


def _class(cell: object, kind: str) -> str:
    return "text long" if kind == "text" and len(str(cell)) > _LONG else kind


def charts(several: Sequence[Chart], *, columns: int = 1) -> Html:
    """Return the charts as figures side by side, each with its finding as title, and its data for the page's script."""
    return (
        element("div", *(_chart(one) for one in several), class_=f"charts columns-{columns}") if several else Html("")
    )


def _chart(chart: Chart) -> Html:
    # A closing script tag in the data would end the script.
    data = json.dumps(json.loads(chart.figure.to_json()), separators=(",", ":"), ensure_ascii=False)
    data = data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    height = f"min-height:{int(chart.figure.layout.height)}px"
    plot = element("div", class_="plot", role="img", aria_label=f"Chart. {chart.title}. {chart.caption}", style=height)
    caption = element("figcaption", element("h3", chart.title), element("p", chart.caption))
    script = Html(f'<script type="application/json">{data}</script>')  # noqa: S704 - what could end it is escaped above
    wide = {"class_": "scroll wide", "tabindex": "0", "role": "region", "aria_label": chart.title}
    frame = element("div", plot, **(wide if chart.wide else {"class_": "scroll"}))
    return element("figure", caption, frame, script, class_="chart")
