"""A feature spec evaluated without Spark, from the files of the embedded store: on Spark's workers, and where none runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.features.evaluation.evaluate import in_order
from headwater.features.evaluation.local_lookup import LocalLookup, look_up
from headwater.features.evaluation.pandas_rows import arrow_rows, pandas_rows
from headwater.features.joins.matching.newest_rows import AmbiguousRowsError
from headwater.features.specs.spec import DeclaredStep, FeatureSpec, FunctionStep, LookupStep
from headwater.lakehouse import InvalidInputError, MissingColumnsError, Settings, arrow_type

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["evaluate_without_spark"]


def evaluate_without_spark(spec: FeatureSpec, rows: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Return what :func:`headwater.features.evaluate` gives for these rows, from the tables as they are now; no Spark is started.

    Parameters
    ----------
    rows
        At least the spec's required columns. Computed columns that are there are taken as they are given.
    settings
        Whose store has the tables.

    Returns
    -------
    pandas.DataFrame
        The spec's source and computed columns, one row for each of `rows`, in their order. Times are naive UTC; integers
        with NULLs are floats, as in Spark's own ``toPandas``.

    Raises
    ------
    MissingColumnsError
        Names all required columns that are missing.
    InvalidInputError
        A table is not in the store or cannot be read without Spark, or the spec has declared features, which are computed
        by Spark.
    """
    missing = [name for name in spec.required if name not in rows.columns]
    if missing:
        raise MissingColumnsError(missing, "the rows", list(rows.columns), "needed to look features up")
    known = arrow_rows(spec, rows)
    most = int(settings.in_process_gib * 2**30)
    for step in in_order(spec.steps, known.column_names):
        wanted = [output for output in step.outputs if output not in known.column_names]
        for output, column in _outputs(step, wanted, known, settings, most):
            known = known.append_column(output, column)
    return pandas_rows(_filled(spec, known, list(rows.columns)))


def _outputs(
    step: LookupStep | DeclaredStep | FunctionStep,
    wanted: Sequence[str],
    known: pa.Table,
    settings: Settings,
    most: int,
) -> list[tuple[str, Any]]:
    if not wanted:
        return []
    if isinstance(step, FunctionStep):
        import pyarrow as pa

        function = step.function.compiled()
        inputs = {parameter: known[column] for parameter, column in step.bindings}
        given = [inputs[p].cast(arrow_type(kind)).to_pylist() for p, kind in step.function.parameters]
        values = [function(*row) for row in zip(*given, strict=True)] if given else [function()] * known.num_rows
        return [(step.output, pa.array(values, type=arrow_type(step.function.returns)))]
    if isinstance(step, DeclaredStep):
        raise InvalidInputError(
            f"{', '.join(wanted)} are declared features, which Spark computes from their sources: give these columns, or use "
            "FeatureEngineeringClient().score_batch."
        )
    table = lakehouse.open_stored(settings, step.table)
    if isinstance(table, str):
        raise InvalidInputError(f"{', '.join(wanted)} cannot be looked up without Spark: {table}.")
    outputs = tuple((feature, output) for feature, output, _ in step.features if output in wanted)
    try:
        return list(look_up(known, [LocalLookup(step, outputs, table)], most))
    except AmbiguousRowsError as error:
        raise InvalidInputError(f"{error}, and only Spark can tell which one counts.") from error


def _filled(spec: FeatureSpec, known: pa.Table, given: Sequence[str]) -> pa.Table:
    """Put defaults in place of the NULLs of what was looked up."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {
        column.name: known[column.name]
        for column in (*spec.source, *spec.computed)
        if column.name in known.column_names
    }
    for step in spec.lookups:
        for name, value in step.defaults.items():
            if name not in given and value is not None:
                column = columns[name]
                columns[name] = pc.fill_null(column, pa.scalar(value).cast(column.type))
    return pa.table(columns)
