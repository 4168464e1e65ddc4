"""What retraining gained, as a section of the report: by month, the versions that served beside the first one left alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from headwater.training import PairedDifference
from headwater.training.problems.metrics import HIGHER_IS_BETTER
from headwater.web.report.facts import Facts
from headwater.web.report.gain import Gain, MonthlyGain
from headwater.web.report.markup import Html, charts, element, paragraphs, section, table
from headwater.web.report.theme import MODEL, MUTED, Chart, figure
from headwater.web.report.wording import count_of, inner, month, number

__all__ = ["gained_section", "gained_sentence"]

_TITLE = "What retraining gained"


def gained_section(facts: Facts) -> Html:
    """Return table and charts; empty while one version alone has served."""
    gain = facts.gain
    if gain is None:
        return Html("")
    if gain.total is None:
        return section(_TITLE, paragraphs([gain.reason]))
    titles = _titles(facts)
    return section(
        _TITLE,
        paragraphs([_lead(gain), gained_sentence(facts)]),
        _table(gain, titles),
        charts([_chart(gain, place, title) for place, title in enumerate(titles.values())], columns=2),
    )


def gained_sentence(facts: Facts) -> str:
    """Return over all months what was gained in the problem's foremost metric; empty where that is not known."""
    gain = facts.gain
    if gain is None or gain.total is None:
        return ""
    total, title = gain.total.differences[0], next(iter(_titles(facts).values()))
    told = {
        "better": "Retraining paid",
        "worse": "Retraining did harm",
        "not told apart": "Whether retraining paid cannot be told",
    }[total.verdict]
    return (
        f"{told}: over {month(gain.total.month)} the {inner(title)} of the versions that served is {_value(total.new)}, and of "
        f"version {gain.first} alone on the same rows {_value(total.old)}, a difference of {_signed(total)} "
        f"({_interval(total)}, 95% interval)."
    )


def _titles(facts: Facts) -> Mapping[str, str]:
    """Return the titles of the metrics that are compared."""
    assert facts.gain is not None
    assert facts.gain.total is not None
    return {one.metric: facts.project.problem.shown[one.metric] for one in facts.gain.total.differences}


def _lead(gain: Gain) -> str:
    return (
        f"Version {gain.first} is the first one that served. Here it scores the rows of the later versions too, from the "
        "features that were kept with their scores, as if nothing had been retrained since."
    )


def _table(gain: Gain, titles: Mapping[str, str]) -> Html:
    assert gain.total is not None
    alone, interval = f"Version {gain.first}", "95% interval"
    headers = ["Month", "Rows", "Served by", *[alone, "As served", "Difference", interval] * len(titles)]
    rows = [_row(month(one.month), one) for one in gain.months]
    if len(gain.months) > 1:
        rows.append(_row("All", gain.total))
    rules = [
        f"{title}: {'higher' if name in HIGHER_IS_BETTER else 'lower'} is better" for name, title in titles.items()
    ]
    note = (
        f"Live rows whose outcome is known. {'. '.join(rules)}. The interval comes from leaving out each day in turn, since the "
        "rows of one day depend on each other. Where it holds 0, the two are not told apart."
    )
    groups = [("", 3), *((title, 4) for title in titles.values())]
    return table(f"{alone} alone and as served, by month", headers, rows, text=["Served by"], groups=groups, note=note)


def _row(name: str, one: MonthlyGain) -> list[object]:
    cells: list[object] = [name, f"{one.differences[0].rows:,}", _versions(one.versions)]
    for found in one.differences:
        cells += [_value(found.old), _value(found.new), _signed(found), _interval(found)]
    return cells


def _versions(names: Sequence[str]) -> Html:
    text = f"version{'s' if len(names) > 1 else ''} {' and '.join(names)}"
    return element("span", text, class_="short")


def _chart(gain: Gain, place: int, title: str) -> Chart:
    """Return the differences of one metric by month, each with its interval."""
    found = [one.differences[place] for one in gain.months]
    names = [month(one.month) for one in gain.months]
    drawn = figure(height=260, y_title=f"{title}, difference", legend=False)
    drawn.add_hline(y=0, line={"color": MUTED, "width": 1, "dash": "dot"})
    drawn.add_trace(
        go.Scatter(
            x=names, y=[one.difference for one in found], mode="markers", marker={"color": MODEL, "size": 9},
            error_y={"type": "data", "array": [one.high - one.difference for one in found], "color": MODEL, "thickness": 2},
            customdata=[[_signed(one), _interval(one), one.rows] for one in found],
            hovertemplate="%{x}: %{customdata[0]} (%{customdata[1]}), %{customdata[2]:,} rows<extra></extra>",
        )
    )  # fmt: skip
    drawn.update_xaxes(type="category", range=[-0.5, len(names) - 0.5])
    better = "above" if found[0].metric in HIGHER_IS_BETTER else "under"
    caption = f"As served less version {gain.first} alone, with the 95% interval. Retraining gained {better} the line."
    return Chart(f"gain-{found[0].metric}", _found(found, title), caption, drawn)


def _found(found: Sequence[PairedDifference], title: str) -> str:
    better, worse = (sum(one.verdict == verdict for one in found) for verdict in ("better", "worse"))
    if not better and not worse:
        return f"{title}: in none of {count_of(len(found), 'month')} is the difference told from 0"
    told = f"{title} is better in {better} of {count_of(len(found), 'month')} than without retraining"
    return f"{told}, and worse in {worse}" if worse else told


def _value(metric: float) -> str:
    return number(metric, _digits(metric))


def _signed(one: PairedDifference) -> str:
    shown = number(one.difference, _digits(one.old))
    return f"+{shown}" if one.difference > 0 and float(shown) else shown


def _interval(one: PairedDifference) -> str:
    digits = _digits(one.old)
    return f"{number(one.low, digits)} to {number(one.high, digits)}"


def _digits(metric: float) -> int:
    """Return more decimals for shares and nats than for minutes."""
    return 4 if abs(metric) < 10 else 2
