"""Evaluates a feature spec on rows: the same for training sets and for scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from features.point_in_time import join_as_of, join_latest
from features.spec import FeatureSpec, FunctionStep, LookupStep
from lakehouse import InvalidInputError, MissingColumnsError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["evaluate", "in_order"]


def evaluate(
    spec: FeatureSpec, df: DataFrame, read: Callable[[LookupStep], DataFrame], *, recent: bool = False
) -> DataFrame:
    """Return `df` with the columns that the spec computes, in the spec's order, after its own.

    Parameters
    ----------
    df
        Rows with the spec's required source columns. A column that has a computed column's name is taken instead of
        computing it (cast to the declared type), and stands among the computed ones.
    read
        Gives the rows of a lookup's table: at a version, or as they are now.
    recent
        Whether the rows lie at the end of the tables' history: the span of their times is then looked up first, in one
        small Spark job, so that the joins need not sort that history. The result is the same.

    Notes
    -----
    Lazy; no Spark job, unless `recent`. Every row of `df` comes out exactly once. Lookups and functions may take what
    others give.
    """
    from pyspark.sql import functions as F

    missing = [name for name in spec.required if name not in df.columns]
    if missing:
        raise MissingColumnsError(missing, "the DataFrame", df.columns, "needed to compute the features")
    given = {column.name: column.type for column in spec.computed if column.name in df.columns}
    own = [column for column in df.columns if column not in given]
    frame = df.select(*own, *[F.col(f"`{name}`").cast(kind).alias(name) for name, kind in given.items()])
    spans = _spans(spec, df) if recent else {}
    for step in in_order(spec.steps, [*own, *given]):
        wanted = [output for output in step.outputs if output not in given]
        if not wanted:
            continue
        if isinstance(step, FunctionStep):
            arguments = dict(step.bindings)
            value = step.function.column(*[F.col(f"`{arguments[p]}`") for p, _ in step.function.parameters])
            frame = frame.withColumn(step.output, value)
        else:
            frame = _look_up(frame, step, read(step), wanted, spans.get(step.time[0]) if step.time else None)
    defaults = {name: value for step in spec.lookups for name, value in step.defaults.items() if name not in given}
    return frame.select(
        *[F.col(f"`{name}`") for name in own],
        *[
            F.coalesce(F.col(f"`{c.name}`"), F.lit(defaults[c.name]).cast(c.type)).alias(c.name)
            if c.name in defaults
            else F.col(f"`{c.name}`")
            for c in spec.computed
        ],
    )


def in_order(steps: Sequence[LookupStep | FunctionStep], columns: Sequence[str]) -> list[LookupStep | FunctionStep]:
    """Return the steps so that each comes after those whose outputs it needs.

    Raises
    ------
    InvalidInputError
        A step needs a column that neither the data nor another step gives, or steps need each other.
    """
    there, pending, ordered = set(columns), list(steps), []
    while pending:
        ready = [step for step in pending if there.issuperset(step.inputs)]
        if not ready:
            step = pending[0]
            absent = [name for name in step.inputs if name not in there]
            what = f"function {step.function.name}" if isinstance(step, FunctionStep) else f"the lookup in {step.table}"
            raise InvalidInputError(
                f"{what} needs {', '.join(map(repr, absent))}, which is no column of df and no output of another lookup or "
                f"function that can be computed before. Known: {', '.join(sorted(there))}."
            )
        ordered += ready
        there.update(output for step in ready for output in step.outputs)
        pending = [step for step in pending if step not in ready]
    return ordered


def _spans(spec: FeatureSpec, df: DataFrame) -> dict[str, tuple[Any, Any]]:
    """Return the earliest and latest value of each time column of `df` that a lookup uses."""
    from pyspark.sql import functions as F

    names = sorted({step.time[0] for step in spec.lookups if step.time and step.time[0] in df.columns})
    if not names:
        return {}
    columns = [f(F.col(f"`{name}`")) for name in names for f in (F.min, F.max)]
    found = df.agg(*columns).collect()[0]
    return {name: (found[2 * i], found[2 * i + 1]) for i, name in enumerate(names)}


def _look_up(
    frame: DataFrame, step: LookupStep, rows: DataFrame, wanted: Sequence[str], span: tuple[Any, Any] | None
) -> DataFrame:
    outputs = {feature: output for feature, output, _ in step.features if output in wanted}
    if step.time is None:
        return join_latest(frame, rows, keys=step.keys, outputs=outputs)
    return join_as_of(frame, rows, keys=step.keys, time=step.time, outputs=outputs, lookback=step.lookback, span=span)
