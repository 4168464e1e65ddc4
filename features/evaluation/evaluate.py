"""Evaluates a feature spec on rows: the same for training sets and for scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from headwater import lakehouse
from headwater.features.evaluation.declared import declared_features
from headwater.features.evaluation.in_process import LocalLookup, LocalRows, look_up_in_process, unfit
from headwater.features.evaluation.local_defaults import filled
from headwater.features.evaluation.on_spark import SparkLookup, look_up_on_spark
from headwater.features.evaluation.spine import Spine
from headwater.features.joins.columns import chosen
from headwater.features.joins.matching.newest_rows import AmbiguousRowsError
from headwater.features.specs.spec import DeclaredStep, FeatureSpec, FunctionStep, LookupStep
from headwater.lakehouse import ArrowTable, ColumnTypeError, InvalidInputError, MissingColumnsError, column, utc_cast

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

_Step = LookupStep | DeclaredStep | FunctionStep
_Todo: TypeAlias = tuple[_Step, list[str]]  # a step, and the outputs that are wanted of it

__all__ = ["LookupPlan", "evaluate", "evaluate_in_process", "in_order", "plan_lookups"]


@dataclass(frozen=True)
class LookupPlan:
    """How the lookups are done: ``in process`` or ``spark``, and why."""

    form: Literal["in process", "spark"]
    reason: str


def evaluate(spec: FeatureSpec, df: DataFrame, *, versions: Literal["trained", "newest"]) -> DataFrame:
    """Return `df` with the columns that the spec computes, in the spec's order, after its own.

    Parameters
    ----------
    df
        Rows with the spec's required source columns. A column that has a computed column's name is taken instead of
        computing it (cast to the declared type), and stands among the computed ones. Keys and times have the spec's types;
        an INT key for a BIGINT one is looked up as BIGINT and stays INT.
    versions
        Whether the tables are read as they were when the training set was made, or as they are now.

    Notes
    -----
    Every row of `df` comes out exactly once. Lookups and functions may take what others give. Where the tables lie on this
    machine and fit its memory (see :func:`plan_lookups`), lookups are done in this process, with two Spark jobs here and
    now; else by Spark, lazily. So they are where the store's scratch files would grow beyond the setting ``scratch_gib``.
    """
    widened = _widened_keys(spec, df)
    wide = df.withColumns({name: column(name).cast("bigint") for name in widened}) if widened else df
    evaluated = _evaluated(spec, wide, versions=versions)[0]
    return evaluated.withColumns({name: column(name).cast("int") for name in widened}) if widened else evaluated


def _widened_keys(spec: FeatureSpec, df: DataFrame) -> list[str]:
    """Return the INT keys of `df` for BIGINT keys of the spec; any other difference of keys and times is an error."""
    types = {field.name: field.dataType.simpleString() for field in df.schema}
    source = {c.name: c.type for c in spec.source if c.name in types}
    widened = []
    for step in spec.lookups:
        wrong = {}
        for name in step.inputs:
            if name not in source or types[name] == source[name]:
                continue
            if (types[name], source[name]) == ("int", "bigint"):
                widened.append(name)
            else:
                wrong[name] = (types[name], source[name])
        if wrong:
            raise ColumnTypeError(f"the keys for {step.table}", wrong)
    return list(dict.fromkeys(widened))


def plan_lookups(spec: FeatureSpec, df: DataFrame, *, versions: Literal["trained", "newest"]) -> LookupPlan:
    """Return how :func:`evaluate` would do the lookups; runs the same two jobs where it is in process."""
    work = _prepared(spec, df)
    found, rest, plan = _here(work.frame, work.steps, versions)
    if found is not None and not any(isinstance(step, LookupStep) for step, _ in rest):
        return plan
    return _evaluated(spec, df, versions=versions)[1]


def evaluate_in_process(
    spec: FeatureSpec, df: DataFrame, *, versions: Literal["trained", "newest"]
) -> tuple[pa.Table, StructType] | None:
    """Return what :func:`evaluate` gives, as Arrow, or None if Spark has a part in it.

    That is so where lookups are not done in this process, and where the spec has functions or defaults other than plain
    numbers and texts.
    """
    work = _prepared(spec, df)
    if any(not isinstance(step, LookupStep) for step in spec.steps) or work.given:
        return None
    found, rest, _ = _here(work.frame, work.steps, versions)
    if found is None or rest:
        return None
    try:
        rows = found.arrow()
    except AmbiguousRowsError:
        return None
    return filled(rows, found.schema, [*work.own, *(c.name for c in spec.computed)], work.defaults)


@dataclass(frozen=True)
class _Work:
    """What is to be done: rows, columns that are the rows' own, those given in place of computed ones, steps in order."""

    frame: DataFrame
    own: list[str]
    given: dict[str, str]
    steps: list[_Todo]
    defaults: dict[str, Any]


def _prepared(spec: FeatureSpec, df: DataFrame) -> _Work:
    missing = [name for name in spec.required if name not in df.columns]
    if missing:
        raise MissingColumnsError(missing, "the DataFrame", df.columns, "needed to compute the features")
    spelled = {name.lower(): name for name in df.columns}
    for name in (c.name for c in spec.computed):
        if spelled.get(name.lower(), name) != name:
            raise InvalidInputError(
                f"The DataFrame's column {spelled[name.lower()]!r} differs by case only from the feature {name!r}, which is the "
                "same name to Spark: rename it."
            )
    given = {c.name: c.type for c in spec.computed if c.name in df.columns}
    own = [name for name in df.columns if name not in given]
    frame = chosen(df, [*own, *given])
    if given:
        found = {name: df.schema[name].dataType.simpleString() for name in given}
        frame = frame.withColumns({name: utc_cast(column(name), found[name], kind) for name, kind in given.items()})
    steps = [
        (step, wanted)
        for step in in_order(spec.steps, [*own, *given])
        if (wanted := [output for output in step.outputs if output not in given])
    ]
    defaults = {name: value for step in spec.lookups for name, value in step.defaults.items() if name not in given}
    return _Work(frame, own, given, steps, defaults)


def _evaluated(
    spec: FeatureSpec, df: DataFrame, *, versions: Literal["trained", "newest"]
) -> tuple[DataFrame, LookupPlan]:
    from pyspark.sql import functions as F

    work = _prepared(spec, df)
    found, rest, plan = _here(work.frame, work.steps, versions)
    frame = work.frame
    try:
        frame = frame if found is None else found.frame(frame)
    except (AmbiguousRowsError, lakehouse.ScratchFullError) as error:  # seen in a later part of the label rows
        rest, plan = work.steps, LookupPlan("spark", str(error))
    rest, spine = list(rest), Spine(df)
    forms = []
    while rest:
        step, wanted = rest.pop(0)
        if isinstance(step, FunctionStep):
            arguments = dict(step.bindings)
            inputs = [arguments[p] for p, _ in step.function.parameters]
            kinds = [frame.schema[name].dataType.simpleString() for name in inputs]
            value = step.function.column(*map(column, inputs), kinds=kinds)
            frame = frame.withColumn(step.output, value)
            continue
        if isinstance(step, DeclaredStep):
            frame = declared_features(frame, step, wanted, trained=versions == "trained", spine=spine)
            continue
        there = set(frame.columns)
        group = [(step, wanted)] + [(s, w) for s, w in rest if isinstance(s, LookupStep) and there.issuperset(s.inputs)]
        frame, done, form = look_up_on_spark(frame, [_on_spark(df, *todo, versions) for todo in group], spine)
        steps = [one.step for one in done]
        rest = [todo for todo in rest if todo[0] not in steps]
        forms.append(form)
    if forms:
        plan = LookupPlan(plan.form, "; ".join([plan.reason, *forms]))
    computed = {c.name: c.type for c in spec.computed}
    filled_in = {
        name: utc_cast(F.lit(value), "string", computed[name])
        if isinstance(value, str)
        else F.lit(value).cast(computed[name])
        for name, value in work.defaults.items()
        if name in computed
    }
    if filled_in:
        frame = frame.withColumns({name: F.coalesce(column(name), value) for name, value in filled_in.items()})
    return chosen(frame, [*work.own, *computed]), plan


def _here(frame: DataFrame, steps: list[_Todo], versions: str) -> tuple[LocalRows | None, list[_Todo], LookupPlan]:
    """Do the lookups that need no function's output in this process, if that is possible; return what is left to do."""
    spark = frame.sparkSession
    if not lakehouse.is_embedded(spark):
        return None, steps, LookupPlan("spark", "the session is not an embedded one")
    settings = lakehouse.settings_of(spark)
    if settings.lookups == "spark":
        return None, steps, LookupPlan("spark", 'the setting lookups is "spark"')
    there = set(frame.columns)
    todo: list[tuple[LookupStep, list[str], ArrowTable | str]] = []
    opened: dict[tuple[str, int | None], ArrowTable | str] = {}  # the same object for all that is looked up in a table
    for step, wanted in steps:
        if isinstance(step, LookupStep) and there.issuperset(step.inputs):
            version = step.table_version if versions == "trained" else None
            if (step.table, version) not in opened:
                name = lakehouse.resolve(spark, step.table)
                opened[step.table, version] = lakehouse.open_arrow(spark, name, version)
            todo.append((step, wanted, opened[step.table, version]))
            there.update(wanted)
    if not todo:
        declared = any(isinstance(step, DeclaredStep) for step, _ in steps)
        what = "declared features are computed from their sources" if declared else "there is no lookup in a table"
        return None, steps, LookupPlan("spark", what)
    most = int(settings.in_process_gib * 2**30)
    reason = unfit(frame, todo)
    if reason is not None:
        return None, steps, LookupPlan("spark", reason)
    lookups = [
        LocalLookup(step, tuple((f, o) for f, o, _ in step.features if o in wanted), table)
        for step, wanted, table in todo
        if not isinstance(table, str)
    ]
    found = look_up_in_process(frame, lookups, most)
    if isinstance(found, str):
        return None, steps, LookupPlan("spark", found)
    done = [step for step, _, _ in todo]
    return found, [(step, wanted) for step, wanted in steps if step not in done], LookupPlan("in process", found.reason)


def in_order(steps: Sequence[_Step], columns: Sequence[str]) -> list[_Step]:
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
            what = _title(step)
            raise InvalidInputError(
                f"{what} needs {', '.join(map(repr, absent))}, which is no column of df and no output of another lookup or "
                f"function that can be computed before. Known: {', '.join(sorted(there))}."
            )
        ordered += ready
        there.update(output for step in ready for output in step.outputs)
        pending = [step for step in pending if step not in ready]
    return ordered


def _on_spark(df: DataFrame, step: LookupStep, wanted: Sequence[str], versions: str) -> SparkLookup:
    version = step.table_version if versions == "trained" else None
    return SparkLookup(step, wanted, lakehouse.read_table(df.sparkSession, step.table, version=version))


def _title(step: _Step) -> str:
    if isinstance(step, DeclaredStep):
        return "a declared feature"
    return f"function {step.function.name}" if isinstance(step, FunctionStep) else f"the lookup in {step.table}"
