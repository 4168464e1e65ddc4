"""The top of the report: what is predicted, how it stands, what was decided last."""

from __future__ import annotations

from headwater.training.problems.metrics import HIGHER_IS_BETTER
from headwater.web.report.facts import Facts
from headwater.web.report.gain_section import gained_sentence
from headwater.web.report.judged import HOLDOUT
from headwater.web.report.markup import Html, card, element, paragraphs
from headwater.web.report.standing import open_alerts, standing
from headwater.web.report.wording import (
    count_of,
    date,
    inner,
    month,
    name_of,
    number,
    percent,
    span,
    summary_of,
    summary_text,
)

__all__ = ["headline"]


def headline(facts: Facts) -> Html:
    """Return title, a paragraph, and the figures of the newest month as cards."""
    lead = [
        *standing(facts),
        _scored(facts),
        _champion(facts),
        _quality(facts),
        gained_sentence(facts),
        _decision(facts),
    ]
    return Html(
        element("header", element("h1", facts.project.title), element("div", paragraphs(lead), class_="lead"))
        + _cards(facts)
    )


def _scored(facts: Facts) -> str:
    judged = facts.judged
    if judged.first_scored is None or judged.last_scored is None:
        return "Nothing has been scored yet."
    live = int((judged.part == "live").sum())
    return (
        f"From {date(judged.first_scored)} to {date(judged.last_scored)}, {count_of(judged.scored, 'row')} were scored; the "
        f"outcome is known for {live:,} of them ({percent(live / judged.scored)})."
    )


def _champion(facts: Facts) -> str:
    champion = facts.champion
    if champion is None:
        several = f"{count_of(len(facts.versions), 'version')} of the model, and " if facts.versions else ""
        return f"There is {several}no champion yet."
    kind = f", a {name_of(champion.family)} model," if champion.family else ""
    judged = ""
    metric, title = next(iter(facts.project.problem.shown.items()))
    if champion.metrics.get(metric) is not None:
        found = number(champion.metrics[metric])
        judged = f" judged on {span(champion.holdout_start, champion.holdout_end)} ({title} {found})"
    others = f"; {count_of(len(facts.versions), 'version')} were trained" if len(facts.versions) > 1 else ""
    return f"Champion is version {champion.version}{kind}{judged}{others}."


def _quality(facts: Facts) -> str:
    monthly = facts.monthly
    model = monthly[monthly["predictor"] == "model"]
    if model.empty:
        return "The quality of the model is not known yet: no scored row and no holdout has outcomes."
    last = model.iloc[-1]
    others = monthly[(monthly["predictor"] != "model") & (monthly["month"] == last["month"])]
    metric, title = next(iter(facts.project.problem.shown.items()))
    beside = [f"{number(row[metric])} by {name_of(str(row['predictor']))}" for _, row in others.iterrows()]
    against = f", against {' and '.join(beside)}" if beside else ""
    where = "on the holdout" if last["part"] == HOLDOUT else "in service"
    return f"In {month(last['month'])} the {inner(title)} {where} was {number(last[metric])}{against}."


def _decision(facts: Facts) -> str:
    if facts.decisions.empty:
        return "The monitor has not run yet."
    last = facts.decisions.iloc[-1]
    verb = "asked for a retraining" if bool(last["retrain"]) else "saw no reason to retrain"
    return f"The monitor last ran on {date(last['as_of'])}, and {verb}: {last['reason']}"


def _cards(facts: Facts) -> Html:
    monthly = facts.monthly
    model = monthly[monthly["predictor"] == "model"]
    cards = []
    if len(model):
        last = model.iloc[-1]
        others = monthly[(monthly["predictor"] != "model") & (monthly["month"] == last["month"])]
        problem = facts.project.problem
        for column, name in problem.shown.items():
            best = "max" if column in HIGHER_IS_BETTER else "min"
            note = f"best baseline {number(getattr(others[column], best)())}" if len(others) else ""
            note = "0 is perfect" if column == "expected_calibration_error" else note
            cards.append(card(name, number(last[column]), note))
        summary = summary_of(problem)
        predicted = summary_text({summary: last["predicted"]}, problem)
        note = f"{predicted} predicted" if last["predicted"] == last["predicted"] else ""
        cards.append(card(problem.level(facts.project.label), summary_text(last, problem), note))
    alerts = facts.alerts
    if facts.project.alerts is None and len(alerts):
        critical = int((alerts["severity"] == "critical").sum())
        cards.append(card("Alerts", f"{len(alerts):,}", f"{critical:,} critical"))
    if len(facts.incidents):
        cards.append(card("Open alerts", f"{len(open_alerts(facts)):,}", f"{len(facts.incidents):,} so far"))
    if len(facts.decisions):
        asked = int(facts.decisions["retrain"].astype(bool).sum())
        cards.append(card("Retraining asked for", f"{asked} of {len(facts.decisions)}", "monitoring steps"))
    if not cards:
        return Html("")
    rows = f"{month(model.iloc[-1]['month'])}, {count_of(int(model.iloc[-1]['rows']), 'row')}" if len(model) else ""
    newest = element("p", f"The newest figures: {rows} with a known outcome.", class_="note") if rows else Html("")
    return Html(element("dl", *cards, class_="cards") + newest)
