"""Charts as SVG text: a few kilobytes each, that any browser shows without a script and without a network.

Positions are pixels from the upper left. All text is escaped; a ``title`` within an element is shown while the pointer is on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

__all__ = [
    "ACCENT",
    "COLOURS",
    "GRID",
    "INK",
    "MODEL",
    "MUTED",
    "Scale",
    "bottom_axis",
    "column_axis",
    "drawing",
    "left_axis",
    "node",
    "shown",
    "text_at",
]

INK, MUTED, GRID = "#1f2933", "#5a6673", "#e4e7eb"
MODEL, ACCENT = "#0b5fa5", "#c2570c"
COLOURS = (MODEL, ACCENT, "#00806a", "#a3478b", "#6b7580", "#8a6d00")


@dataclass(frozen=True)
class Scale:
    """From values to pixels: `low` stands at `start`, `high` at `end`; with `log`, by the logarithm of positive values.

    Examples
    --------
    >>> Scale(0.0, 10.0, 100.0, 0.0)(2.5)
    75.0
    >>> Scale(0.01, 1.0, 0.0, 100.0, log=True)(0.1)
    50.0
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the position of a value."""
        low, high, at = (math.log(one) if self.log else one for one in (self.low, self.high, value))
        share = (at - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round values between the ends, at most seven of them.

        Examples
        --------
        >>> Scale(0.31, 0.52, 0, 1).ticks, Scale(0.03, 0.3, 0, 1, log=True).ticks
        ([0.35, 0.4, 0.45, 0.5], [0.05, 0.1, 0.2])
        """
        if not self.high > self.low:
            return [self.low]
        if self.log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            for digits in ((1, 2, 5), (1,)):
                every = [float(f"{digit}e{power}") for power in powers for digit in digits]
                within = [one for one in every if self.low <= one <= self.high]
                if 2 <= len(within) <= 7:
                    return within
            return [self.low, self.high]
        raw = (self.high - self.low) / 6
        size = 10.0 ** math.floor(math.log10(raw))
        step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
        first = math.ceil(self.low / step - 1e-9)
        count = math.floor(self.high / step + 1e-9) - first + 1
        return [float(f"{(first + place) * step:.10g}") for place in range(count)]


def shown(value: object) -> str:
    """Return a value as an axis and a tooltip show it: numbers with four digits, others as they are.

    Examples
    --------
    >>> shown(0.123456), shown(31), shown(None), shown(1234567.0)
    ('0.1235', '31', 'None', '1.235e+06')
    """
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def node(tag: str, *content: object, **attributes: object) -> Markup:
    """Return an element; ``class_`` stands for ``class``, other underscores for hyphens, numbers have one decimal.

    Examples
    --------
    >>> print(node("text", "a < b", x=3.14159, text_anchor="end"))
    <text x="3.1" text-anchor="end">a &lt; b</text>
    """
    written = Markup("").join(
        Markup(' {}="{}"').format(
            name.rstrip("_").replace("_", "-"), f"{value:.1f}" if isinstance(value, float) else value
        )
        for name, value in attributes.items()
    )
    return Markup("<{}{}>{}</{}>").format(tag, written, Markup("").join(map(escape, content)), tag)


def text_at(x: float, y: float, text: object, **attributes: object) -> Markup:
    """Return a text at a place."""
    return node("text", text, x=float(x), y=float(y), **({"fill": MUTED} | attributes))


def drawing(width: int, height: int, label: str, *parts: object) -> Markup:
    """Return a whole drawing, which shrinks with the page; `label` says what it shows, for those who do not see it."""
    return node(
        "svg", *parts, viewBox=f"0 0 {width} {height}", role="img", aria_label=label, style=f"max-width:{width}px"
    )


def left_axis(scale: Scale, x: float, until: float, title: str) -> Markup:
    """Return the values of an upright scale at `x`, with lines across to `until`."""
    lines = [
        node("line", x1=float(x), x2=float(until), y1=scale(tick), y2=scale(tick), stroke=GRID) for tick in scale.ticks
    ]
    marks = [text_at(x - 6, scale(tick) + 4, shown(float(tick)), text_anchor="end") for tick in scale.ticks]
    return Markup("").join([*lines, *marks, text_at(2, min(scale.start, scale.end) - 10, title)])


def bottom_axis(scale: Scale, y: float, title: str, *, whole: bool = False) -> Markup:
    """Return the values of a level scale under `y`; with `whole`, whole numbers alone."""
    ticks = [tick for tick in scale.ticks if not whole or float(tick).is_integer()]
    marks = [text_at(scale(tick), y + 18, shown(float(tick)), text_anchor="middle") for tick in ticks]
    line = node("line", x1=scale.start, x2=scale.end, y1=float(y), y2=float(y), stroke=MUTED)
    middle = (scale.start + scale.end) / 2
    return Markup("").join([line, *marks, text_at(middle, y + 36, title, text_anchor="middle")])


def column_axis(x: float, top: float, bottom: float, title: str, marks: Sequence[tuple[float, str]]) -> Markup:
    """Return one axis of parallel coordinates: its title above, and its marks, positions with texts, beside it."""
    line = node("line", x1=float(x), x2=float(x), y1=float(top), y2=float(bottom), stroke=MUTED)
    texts = [text_at(x + 5, at + 4, text, class_="halo") for at, text in marks]
    return Markup("").join([line, text_at(x, top - 12, title, text_anchor="middle", fill=INK), *texts])
