"""The page of a search: its history, its trials as parallel coordinates, and which hyperparameters mattered."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from headwater.training.models.families import ModelFamily
from headwater.training.models.nested import every_dimension
from headwater.training.models.space import Choice, Dimension, Integers, LogUniform
from headwater.training.overview.drawing import (
    ACCENT,
    COLOURS,
    GRID,
    MODEL,
    MUTED,
    Scale,
    bottom_axis,
    column_axis,
    drawing,
    left_axis,
    node,
    shown,
    text_at,
)
from headwater.training.overview.importance import LEAST_TRIALS, hyperparameter_importance, loss_limit, place
from headwater.training.overview.page import figure, page, paragraphs
from headwater.training.search.search import SearchResult
from headwater.training.search.trial import Trial

__all__ = ["search_page"]

_WIDTH, _TOP, _BOTTOM = 900, 40, 270
# From the best loss to the worst.
_LOSSES = ("#082f55", "#2a6aa5", "#78a5d1", "#c3d6e8")


def search_page(result: SearchResult, families: Sequence[ModelFamily]) -> str:
    """Return a search as an HTML page of some 30 kB, without scripts.

    Parameters
    ----------
    families
        Those that were searched over.

    Notes
    -----
    Charts cut losses off far above the others'; see :func:`headwater.training.overview.importance.loss_limit`. About half a
    second per family.
    """
    title = _title(result.problem.loss)
    parts: list[Markup] = [paragraphs([_summary(result, title), *_not_finished(result.trials)])]
    parts.append(_history(result.trials, [one.name for one in families], title))
    for family in families:
        done = [one for one in result.trials if one.family == family.name and one.status == "ok"]
        if done and family.space:
            parts.append(_parallel(family, done, title))
            parts.append(_importance(family, result.trials, len(done), title))
    return page("The search for hyperparameters", *parts)


def _title(loss: str) -> str:
    return loss.replace("_", " ")


def _summary(result: SearchResult, title: str) -> str:
    best = result.best
    spread = (
        f", from {min(best.fold_losses):.4g} to {max(best.fold_losses):.4g} over the folds" if best.fold_losses else ""
    )
    return (
        f"{_trials(len(result.trials))} on {result.rows:,} rows, each fitted once per fold. The best is trial {best.number}, "
        f"{best.family} with {_told(best.params) or 'no hyperparameters'}: a mean {title} of {result.loss:.4g}{spread}."
    )


def _not_finished(trials: Sequence[Trial]) -> list[str]:
    failed = [one for one in trials if one.failed]
    given_up = sum(one.status == "pruned" for one in trials)
    said = [f"Given up before their last fold: {_trials(given_up)}."] if given_up else []
    if failed:
        numbers = ", ".join(str(one.number) for one in failed[:20])
        said.append(
            f"Without a loss: {_trials(len(failed))} ({numbers}). The first one's error ends: {_last_line(failed[0].error)}"
        )
    return said


def _trials(count: int) -> str:
    return f"{count} {'trial' if count == 1 else 'trials'}"


def _last_line(error: str) -> str:
    return error.strip().rpartition("\n")[2][:300] or "unknown"


def _told(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {shown(value)}" for name, value in params.items())


def _history(trials: Sequence[Trial], names: Sequence[str], title: str) -> Markup:
    """Return each trial's loss by its number, with the range of its folds, and the best loss so far."""
    told = [one for one in trials if one.loss is not None]
    limit = loss_limit([one.loss for one in told if one.loss is not None])
    low = min(min((*one.fold_losses, one.loss)) for one in told if one.loss is not None)
    high = min(limit, max(max((*one.fold_losses, one.loss)) for one in told if one.loss is not None))
    margin = (high - low) * 0.06 or abs(high) * 0.01 or 1.0
    y = Scale(low - margin, high + margin, _BOTTOM, _TOP)
    x = Scale(-0.5, max(one.number for one in trials) + 0.5, 70, _WIDTH - 20)
    parts = [left_axis(y, 70, _WIDTH - 20, title), bottom_axis(x, _BOTTOM, "trial", whole=True)]
    best = _best_so_far(told)
    corners = [(x(number), y(min(loss, y.high))) for number, loss in best]
    steps = [point for one, two in itertools.pairwise(corners) for point in (one, (two[0], one[1]))]
    parts.append(
        _line([*steps, corners[-1], (float(_WIDTH - 20), corners[-1][1])], stroke=MUTED, stroke_dasharray="4 3")
    )
    for one in told:
        assert one.loss is not None
        colour, at, cut = COLOURS[names.index(one.family) % len(COLOURS)], x(one.number), one.loss > y.high
        tip = node("title", f"Trial {one.number}, {one.family}: {one.loss:.4g}, {one.status}. {_told(one.params)}")
        ends = [y(min(max(value, y.low), y.high)) for value in one.fold_losses or (one.loss,)]
        parts.append(node("line", x1=at, x2=at, y1=min(ends), y2=max(ends), stroke=colour, stroke_opacity=0.4))
        height = y(min(one.loss, y.high))
        if cut:
            shape = f"{at - 5:.1f},{height + 8:.1f} {at + 5:.1f},{height + 8:.1f} {at:.1f},{height:.1f}"
            parts.append(node("polygon", tip, points=shape, fill=colour))
        else:
            fill = colour if one.status == "ok" else "#ffffff"
            parts.append(node("circle", tip, cx=at, cy=height, r=4.5, fill=fill, stroke=colour, stroke_width=1.5))
    legend = [
        Markup("").join(
            [
                node("circle", cx=80.0 + 220 * at, cy=_BOTTOM + 52.0, r=4.5, fill=COLOURS[at % len(COLOURS)]),
                text_at(90 + 220 * at, _BOTTOM + 56, name),
            ]
        )
        for at, name in enumerate(names)
    ]
    caption = (
        f"Mean {title} over the folds by trial, lower is better; upright lines span the folds, the dashed line is the best so "
        "far. A hollow point was given up early; a triangle lies above the chart."
    )
    drawn = drawing(_WIDTH, _BOTTOM + 66, f"History of the search. {caption}", *parts, *legend)
    return figure("History", caption, drawn)


def _best_so_far(told: Sequence[Trial]) -> list[tuple[int, float]]:
    found: list[tuple[int, float]] = []
    best = math.inf
    for one in told:
        assert one.loss is not None
        best = min(best, one.loss) if one.status == "ok" else best
        if math.isfinite(best):
            found.append((one.number, best))
    return found


def _line(points: Sequence[tuple[float, float]], *content: object, **attributes: object) -> Markup:
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return node("polyline", *content, points=text, **({"fill": "none"} | attributes))


def _parallel(family: ModelFamily, done: Sequence[Trial], title: str) -> Markup:
    """Return the finished trials of a family as lines over its hyperparameters, coloured by their loss."""
    space = every_dimension(family.space)
    losses = [one.loss for one in done if one.loss is not None]
    limit = loss_limit(losses)
    columns = [*((name, _marks(dimension, name, done)) for name, dimension in space.items())]
    across = np.linspace(70, _WIDTH - 90, len(columns) + 1)
    end = Scale(min(losses), min(limit, max(losses)), _BOTTOM - 10, _TOP + 10)
    order = sorted(done, key=lambda one: -(one.loss or 0.0))
    ranks = {one.number: len(order) - 1 - at for at, one in enumerate(order)}
    parts: list[Markup] = []
    for one in order:
        assert one.loss is not None
        points = [
            (float(x), _height(space[name], one.params[name], marks) if name in one.params else _BOTTOM + 14.0)
            for x, (name, marks) in zip(across, columns, strict=False)
        ]
        points.append((float(across[-1]), end(min(one.loss, end.high))))
        best = ranks[one.number] == 0
        colour = ACCENT if best else _LOSSES[min(3, 4 * ranks[one.number] // max(1, len(order)))]
        tip = node("title", f"Trial {one.number}: {title} {one.loss:.4g}. {_told(one.params)}")
        parts.append(_line(points, tip, class_="trial", stroke=colour, **({"style": "stroke-width:3"} if best else {})))
    for x, (name, marks) in zip(across, columns, strict=False):
        below = [(_BOTTOM + 14.0, "not used")] if any(name not in one.params for one in done) else []
        parts.append(column_axis(float(x), _TOP, _BOTTOM, name, [*marks.values(), *below]))
    ticks = [(end(tick), shown(float(tick))) for tick in end.ticks]
    parts.append(column_axis(float(across[-1]), _TOP, _BOTTOM, title, ticks))
    caption = (
        f"Each line is a finished trial, darker the smaller its {title}; the best one is orange. Point at a line to read it. "
        "Axes of hyperparameters searched over by their logarithm are logarithmic."
    )
    drawn = drawing(_WIDTH, _BOTTOM + 30, f"Parallel coordinates of {family.name}. {caption}", *parts)
    return figure(f"{family.name}: {_trials(len(done))}", caption, drawn)


def _marks(dimension: Dimension, name: str, done: Sequence[Trial]) -> dict[str, tuple[float, str]]:
    """Return an axis's marks by their texts: round values of a number, or each of the values that have no order."""
    low, high = getattr(dimension, "low", None), getattr(dimension, "high", None)
    if low is not None and high is not None:
        log = isinstance(dimension, LogUniform) or (isinstance(dimension, Integers) and dimension.log)
        scale = Scale(float(low), float(high), _BOTTOM - 10, _TOP + 10, log=log)
        return {shown(float(tick)): (scale(tick), shown(float(tick))) for tick in scale.ticks}
    choices = getattr(dimension, "choices", None) or [one.params[name] for one in done if name in one.params]
    texts = list(dict.fromkeys(repr(one) for one in choices))
    heights = np.linspace(_BOTTOM - 20, _TOP + 20, len(texts)) if len(texts) > 1 else [(_BOTTOM + _TOP) / 2]
    return {text: (float(at), text[:18]) for text, at in zip(texts, heights, strict=True)}


def _height(dimension: Dimension, value: Any, marks: Mapping[str, tuple[float, str]]) -> float:
    share = None if isinstance(dimension, Choice) else place(dimension, value)
    if share is None:
        return marks[repr(value)][0] if repr(value) in marks else float(_BOTTOM)
    return _BOTTOM - 10 + share * (_TOP - _BOTTOM + 20)


def _importance(family: ModelFamily, trials: Sequence[Trial], done: int, title: str) -> Markup:
    heading = f"{family.name}: which hyperparameters mattered"
    shares = hyperparameter_importance(family, trials)
    if not shares:
        reason = (
            f"{done} finished trials tell nothing of it: {LEAST_TRIALS} are needed."
            if done < LEAST_TRIALS
            else "All trials have the same loss."
        )
        return Markup("\n").join([node("h2", heading), paragraphs([reason])])
    scale, parts = Scale(0.0, 1.0, 180, _WIDTH - 120), []
    for at, (name, share) in enumerate(shares.items()):
        top = 8 + 26 * at
        parts.append(text_at(172, top + 14, name, text_anchor="end"))
        parts.append(node("rect", x=180.0, y=float(top), width=scale(1) - 180, height=18.0, fill=GRID))
        parts.append(node("rect", x=180.0, y=float(top), width=scale(share) - 180, height=18.0, fill=MODEL))
        parts.append(text_at(scale(1) + 8, top + 14, f"{share:.0%}"))
    caption = (
        f"Share of the variation of the {title} over the space that each hyperparameter explains by itself, by a random forest "
        f"of {done} trials. The rest is what several do together, and chance. Of so few trials it is a hint."
    )
    drawn = drawing(_WIDTH, 12 + 26 * len(shares), f"Importance of the hyperparameters of {family.name}", *parts)
    return figure(heading, caption, drawn)
