"""The page: one HTML file with its style, its script and Plotly inside, which opens without a network."""

from __future__ import annotations

import json
from pathlib import Path

from headwater.web.report.actions import done
from headwater.web.report.estimates import estimated
from headwater.web.report.facts import Facts
from headwater.web.report.gain_section import gained_section
from headwater.web.report.headline import headline
from headwater.web.report.markup import Html, element
from headwater.web.report.sections import built, drifted, quality
from headwater.web.report.theme import DARK

__all__ = ["page"]

_HERE = Path(__file__).parent


def page(facts: Facts, *, written: str = "") -> str:
    """Return the page as text; `written` says when, in its footer.

    Plotly's script stands in it once, at the end, so that the text is readable before it has loaded: 5 MB of the page's size.
    """
    from plotly.offline import get_plotlyjs

    before_labels = estimated(facts.estimates, facts.project, list(facts.versions))
    parts = [built(facts), quality(facts), before_labels, gained_section(facts), drifted(facts), done(facts)]
    body = Html("\n".join([headline(facts), element("main", *parts), _footer(facts, written)]))
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    draw = f"var DARK = {json.dumps(DARK)};\n{(_HERE / 'draw.js').read_text(encoding='utf-8')}"
    scripts = f"<script>{get_plotlyjs()}</script>\n<script>{draw}</script>" if 'class="plot"' in body else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{element('title', facts.project.title)}\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{body}\n{scripts}\n</body>\n</html>\n"
    )


def _footer(facts: Facts, written: str) -> Html:
    when = f", {written}" if written else ""
    text = (
        f"Headwater, project {facts.project.name}{when}. All figures come from the tables in "
        f"{facts.project.tables} and the MLflow runs of this store. Times are UTC."
    )
    noscript = element("noscript", element("p", "The charts need JavaScript; the tables do not."))
    return element("footer", element("p", text), noscript)
