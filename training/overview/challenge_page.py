"""The page of a challenger beside the champion, on the rows of one holdout: metrics, days, slices, and where they disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from headwater.training.evaluation import Evaluation
from headwater.training.judging.jackknife import PairedDifference, paired_jackknife
from headwater.training.overview.drawing import (
    ACCENT,
    INK,
    MODEL,
    MUTED,
    Scale,
    bottom_axis,
    drawing,
    left_axis,
    node,
    shown,
    text_at,
)
from headwater.training.overview.page import figure, page, paragraphs, table
from headwater.training.plan import TrainingPlan
from headwater.training.problems.problem import Problem

__all__ = ["challenge_page"]

_WIDTH, _TOP, _BOTTOM = 900, 40, 250
_SLICES, _LEAST_ROWS, _BINS = 30, 30, 40


def challenge_page(evaluation: Evaluation, holdout: pd.DataFrame, plan: TrainingPlan, version: str) -> str:
    """Return an HTML page of some 40 kB, without scripts; empty where no champion was compared with.

    Parameters
    ----------
    holdout
        The rows that were judged on, in the order of the evaluation's answers, with the plan's time and slices.
    version
        The challenger's.

    Notes
    -----
    Sampling errors are of leaving out each day (UTC) in turn, see :func:`headwater.training.paired_jackknife`: about 1 s for
    27,000 rows of 30 days and 10 slices.
    """
    if "champion" not in evaluation.answers:
        return ""
    champion = evaluation.evidence.champion.version
    names = {"model": f"challenger (version {version})", "champion": f"champion (version {champion})"}
    days = pd.to_datetime(holdout[plan.time_column]).dt.normalize()
    lead = (
        f"Both models answer the same {len(holdout):,} rows, from {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}. Differences "
        "are the challenger's value less the champion's, with intervals that hold it in 95 of 100 such samples of days."
    )
    gate = (
        "The gate's interval, on the version's page, draws single rows. It is narrower, as it takes the rows of a day for "
        "independent of each other."
    )
    parts = [paragraphs([lead, gate]), _metrics(evaluation, days.to_numpy(), champion, version)]
    parts.append(_by_day(evaluation, days, names))
    slices = _by_slice(evaluation, holdout, plan.slices, days.to_numpy())
    parts += [slices] if slices else []
    parts.append(_agreement(evaluation, names))
    return page(f"{plan.model_name}: version {version} against the champion, version {champion}", *parts)


def _metrics(evaluation: Evaluation, days: NDArray[np.generic], champion: str, version: str) -> Markup:
    problem, answers = evaluation.problem, evaluation.answers
    told: dict[str, PairedDifference] = {
        name: paired_jackknife(problem, name, evaluation.label, answers["model"], answers["champion"], days)
        for name in dict.fromkeys([next(iter(problem.shown)), problem.loss, problem.ranking])
    }
    titles = {**problem.titles, problem.loss: problem.titles.get(problem.loss, problem.loss.replace("_", " "))}
    rows: list[list[object]] = []
    for name in dict.fromkeys([*told, *titles]):
        new, old = evaluation.metrics["model"].get(name), evaluation.metrics["champion"].get(name)
        one = told.get(name)
        if one is not None:
            new, old = one.new, one.old
        if new is None or old is None:
            continue
        interval = f"{one.low:+.3g} to {one.high:+.3g}" if one is not None else ""
        verdict = {"better": "the challenger is better", "worse": "the champion is better"}
        said = verdict.get(one.verdict, one.verdict) if one is not None else ""
        rows.append(
            [titles.get(name, name.replace("_", " ")), f"{old:.4g}", f"{new:.4g}", f"{new - old:+.3g}", interval, said]
        )
    headers = ["Metric", f"Champion ({champion})", f"Challenger ({version})", "Difference", "95% interval", "Verdict"]
    return Markup("\n").join([node("h2", "Metrics"), table(headers, rows, text=["Verdict"])])


def _by_day(evaluation: Evaluation, days: pd.Series, names: Mapping[str, str]) -> Markup:
    """Return the mean loss of both by day."""
    problem, title = evaluation.problem, evaluation.problem.loss.replace("_", " ")
    losses = {name: problem.losses(evaluation.label, evaluation.answers[name]) for name in names}
    means = pd.DataFrame({"day": days.to_numpy(), **losses}).groupby("day")[list(names)].mean()
    low, high = float(means.to_numpy().min()), float(means.to_numpy().max())
    margin = (high - low) * 0.06 or abs(high) * 0.01 or 1.0
    y, x = Scale(low - margin, high + margin, _BOTTOM, _TOP), Scale(0, max(1, len(means) - 1), 70, _WIDTH - 20)
    parts = [left_axis(y, 70, _WIDTH - 20, f"mean {title}")]
    every = max(1, -(-len(means) // 8))
    parts += [
        text_at(x(place), _BOTTOM + 18, f"{day:%Y-%m-%d}", text_anchor="middle")
        for place, day in enumerate(means.index)
        if place % every == 0
    ]
    styles = {"champion": (MUTED, "5 3"), "model": (MODEL, "none")}
    for place, (name, (colour, dash)) in enumerate(styles.items()):
        points = [(x(at), y(float(value))) for at, value in enumerate(means[name])]
        text = " ".join(f"{across:.1f},{height:.1f}" for across, height in points)
        parts.append(node("polyline", points=text, fill="none", stroke=colour, stroke_width=2, stroke_dasharray=dash))
        for (across, height), day, value in zip(points, means.index, means[name], strict=True):
            tip = node("title", f"{day:%Y-%m-%d}, {names[name]}: {value:.4g}")
            parts.append(node("circle", tip, cx=across, cy=height, r=3.5, fill=colour))
        left = 80 + 260 * place
        parts.append(
            node("line", x1=float(left), x2=left + 24.0, y1=_BOTTOM + 38.0, y2=_BOTTOM + 38.0, stroke=colour,
                 stroke_width=2, stroke_dasharray=dash)
        )  # fmt: skip
        parts.append(text_at(left + 30, _BOTTOM + 42, names[name]))
    better = int((means["model"] < means["champion"]).sum())
    caption = f"On {better} of {len(means)} days the challenger's {title} is smaller than the champion's."
    return figure("By day", caption, drawing(_WIDTH, _BOTTOM + 52, f"Mean {title} by day. {caption}", *parts))


def _by_slice(
    evaluation: Evaluation, holdout: pd.DataFrame, columns: Sequence[str], days: NDArray[np.generic]
) -> Markup | None:
    """Return the difference of the losses by slice, the largest slices; None without any."""
    problem, found = evaluation.problem, []
    for column in columns:
        keys = holdout[column].astype(object).where(holdout[column].notna(), "<missing>").to_numpy()
        for value, positions in pd.Series(np.arange(len(keys))).groupby(keys).indices.items():
            if len(positions) >= _LEAST_ROWS:
                found.append((f"{column} = {value}", positions))
    found = sorted(found, key=lambda one: -len(one[1]))[:_SLICES]
    if not found:
        return None
    new, old = evaluation.answers["model"], evaluation.answers["champion"]
    told = [
        (name, paired_jackknife(problem, problem.loss, evaluation.label[kept], new[kept], old[kept], days[kept]))
        for name, kept in found
    ]
    told.sort(key=lambda one: one[1].difference)
    ends = [end for _, one in told for end in (one.low, one.high, one.difference) if np.isfinite(end)]
    x = Scale(min(0.0, *ends), max(0.0, *ends), 260, _WIDTH - 30)
    bottom = 30 + 22 * len(told)
    parts = [node("line", x1=x(0), x2=x(0), y1=10.0, y2=float(bottom), stroke=MUTED, stroke_dasharray="4 3")]
    for at, (name, one) in enumerate(told):
        y = 24.0 + 22 * at
        colour = {"better": MODEL, "worse": ACCENT}.get(one.verdict, MUTED)
        tip = node(
            "title",
            f"{name}: {one.difference:+.4g} ({one.low:+.3g} to {one.high:+.3g}), {one.rows:,} rows: {one.verdict}",
        )
        parts.append(text_at(250, y + 4, f"{name[:32]} ({one.rows:,})", text_anchor="end", fill=INK))
        if np.isfinite(one.low):
            parts.append(node("line", x1=x(one.low), x2=x(one.high), y1=y, y2=y, stroke=colour, stroke_width=2))
        parts.append(node("circle", tip, cx=x(one.difference), cy=y, r=4.5, fill=colour))
    title = problem.loss.replace("_", " ")
    parts.append(bottom_axis(x, float(bottom), f"difference of the mean {title}, challenger less champion"))
    better, worse = (sum(one.verdict == verdict for _, one in told) for verdict in ("better", "worse"))
    caption = (
        f"Of {len(told)} slices with at least {_LEAST_ROWS} rows the challenger is better in {better} and worse in {worse}; in "
        "the others the interval holds 0. Left of the line the challenger is better. One slice in twenty lies off it by "
        "chance alone."
    )
    return figure("By slice", caption, drawing(_WIDTH, bottom + 44, f"Losses by slice. {caption}", *parts))


def _agreement(evaluation: Evaluation, names: Mapping[str, str]) -> Markup:
    """Return how often both give which answers: a map of numbers, or a table of classes."""
    new, old = evaluation.answers["model"], evaluation.answers["champion"]
    if new.ndim > 1 and not evaluation.problem.has_probabilities:
        new, old = (answers[:, answers.shape[1] // 2] for answers in (new, old))  # the middle one of several quantiles
    if new.ndim > 1:
        return _classes(evaluation.problem, new, old, names)
    low, high = (float(end) for end in np.quantile(np.concatenate([new, old]), [0.001, 0.999]))
    if not high > low:
        return Markup("")
    edges = np.linspace(low, high, _BINS + 1)
    counts, _, _ = np.histogram2d(np.clip(old, low, high), np.clip(new, low, high), bins=[edges, edges])
    x, y = Scale(low, high, 90, 430), Scale(low, high, 380, 40)
    size = (430 - 90) / _BINS
    most = float(np.log1p(counts.max()))
    parts = [left_axis(y, 90, 430, names["model"]), bottom_axis(x, 380, names["champion"])]
    for column, row in zip(*np.nonzero(counts), strict=True):
        count = int(counts[column, row])
        tip = node(
            "title",
            f"champion {edges[column]:.3g} to {edges[column + 1]:.3g}, "
            f"challenger {edges[row]:.3g} to {edges[row + 1]:.3g}: {count:,} rows",
        )
        share = f"{0.12 + 0.88 * np.log1p(count) / most:.2f}"
        parts.append(
            node(
                "rect",
                tip,
                x=90 + size * column,
                y=380 - size * (row + 1),
                width=size,
                height=size,
                fill=MODEL,
                fill_opacity=share,
            )
        )
    parts.append(node("line", x1=x(low), y1=y(low), x2=x(high), y2=y(high), stroke=ACCENT, stroke_dasharray="4 3"))
    correlation = float(np.corrcoef(new, old)[0, 1]) if np.ptp(new) and np.ptp(old) else float("nan")
    caption = (
        f"Each square counts rows, darker for more (logarithmic). On the line both say the same; their correlation is "
        f"{correlation:.3f}, and half of the answers differ by less than {shown(float(np.median(np.abs(new - old))))}."
    )
    return figure("Where they disagree", caption, drawing(460, 424, f"Answers of both. {caption}", *parts))


def _classes(problem: Problem, new: NDArray[np.float64], old: NDArray[np.float64], names: Mapping[str, str]) -> Markup:
    """Return how many rows get which class of whom."""
    labels = [str(one) for one in getattr(problem, "classes", range(new.shape[1]))]
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, (old.argmax(axis=1), new.argmax(axis=1)), 1)
    rows = [[label, *(f"{count:,}" for count in line)] for label, line in zip(labels, counts, strict=True)]
    alike = np.trace(counts) / max(1, counts.sum())
    said = f"Rows: the likeliest class of the {names['champion']}; columns: of the {names['model']}. Alike for {alike:.1%}."
    return Markup("\n").join([node("h2", "Where they disagree"), table(["", *labels], rows), paragraphs([said])])
