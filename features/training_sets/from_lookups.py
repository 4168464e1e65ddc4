"""Training sets: label rows with the features as they were known at the labels' times."""

from __future__ import annotations

import datetime as dt
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater import lakehouse
from headwater.features.definitions.lookups import FeatureFunction, FeatureLookup, as_names
from headwater.features.evaluation.evaluate import evaluate, evaluate_in_process, in_order, plan_lookups
from headwater.features.functions.python_function import CatalogFunction, get_function
from headwater.features.joins.columns import chosen
from headwater.features.specs.spec import DeclaredStep, FeatureSpec, FunctionStep, LookupStep, SpecColumn
from headwater.features.tables.properties import FeatureTable, get_feature_table
from headwater.features.training_sets.saved import SavedTrainingSet, find_saved, replayed, save_rows
from headwater.lakehouse import ColumnTypeError, InvalidInputError, MissingColumnsError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["TrainingSet", "check_outputs", "check_spine", "create_training_set", "steps_of", "training_set_of"]

_CALENDAR = dt.datetime.max - dt.datetime.min  # noqa: DTZ901 - a longer lookback window is none
_MOST = {"functions": 100, "tables": 50, "features": 1000}


@dataclass(frozen=True)
class TrainingSet:
    """Label rows, and the spec of the features to be joined to them."""

    df: DataFrame
    feature_spec: FeatureSpec
    labels: tuple[str, ...]

    def load_df(self) -> DataFrame:
        """Return the training rows: one for each row of `df`, in no stated order.

        Lazy where Spark looks the features up; where the tables lie on this machine and fit its memory, they are looked up
        when this is called, which is faster by far. See :meth:`explain`.

        Columns: those of `df` that are neither labels nor excluded, features in the lookups' order, on-demand features,
        labels. Feature tables are read at the versions that they had when the training set was made.
        """
        return chosen(evaluate(self.feature_spec, self.df, versions="trained"), self._names)

    def save(self, table: str, *, run_id: str = "") -> SavedTrainingSet:
        """Keep the training set as a new version of a Delta table, with its spec and the versions of its feature tables.

        Parameters
        ----------
        table
            Made if it is missing. It has the columns of `df` and all features, also those that are excluded.
        run_id
            The run that the rows are for, by which :meth:`replay` finds them; empty: ``v`` and the table's version.

        Notes
        -----
        Two Spark jobs and two commits.
        """
        return save_rows(self.feature_spec, self.df, self.labels, table, run_id)

    @classmethod
    def replay(cls, run_id: str | None, *, table: str | None = None) -> TrainingSet:
        """Return a saved training set, built again from its label rows and the feature tables as they were.

        The rows are built in full here, and compared with those saved by a digest that does not depend on their order.

        Parameters
        ----------
        run_id
            As given to :meth:`save`; None: what was saved last in `table`.
        table
            Where it was saved. None: it is looked up in ``_training_sets`` of the session's current schema, where :meth:`save`
            notes it.

        Raises
        ------
        ReplayError
            The rows are not the same.
        InvalidInputError
            Nothing was saved for this run, or in several tables.

        Examples
        --------
        >>> rows = spark.createDataFrame([("a", 1)], "k string, y int")
        >>> saved = create_training_set(rows, [], "y").save("main.sets.churn", run_id="3f2a")
        >>> TrainingSet.replay("3f2a").load_df().columns
        ['k', 'y']
        """
        spark = lakehouse.session()
        saved = find_saved(spark, table, run_id)
        return cls(replayed(spark, saved), saved.spec, saved.labels)

    @property
    def _names(self) -> list[str]:
        return [*(column.name for column in self.feature_spec.columns), *self.labels]

    @lakehouse.faults_named()
    def to_arrow(self) -> pa.Table:
        """Return the training rows in memory: the same as ``load_df().toArrow()``, past Spark where it has no part in them."""
        found = evaluate_in_process(self.feature_spec, self.df, versions="trained")
        return self.load_df().toArrow() if found is None else found[0].select(self._names)

    @lakehouse.faults_named()
    def to_pandas(self) -> pd.DataFrame:
        """Return the training rows in memory: the same as ``load_df().toPandas()``, past Spark where it has no part in them."""
        from pyspark.sql.types import StructType

        found = evaluate_in_process(self.feature_spec, self.df, versions="trained")
        if found is None:
            return self.load_df().toPandas()
        rows, schema = found
        kept = StructType([schema[name] for name in self._names])
        return lakehouse.pandas_of_arrow(self.df.sparkSession, rows.select(self._names), kept)

    def explain(self) -> str:
        """Return how the features are looked up, and why: ``in process: …`` or ``spark: …``."""
        plan = plan_lookups(self.feature_spec, self.df, versions="trained")
        return f"{plan.form}: {plan.reason}"


def create_training_set(
    df: DataFrame,
    feature_lookups: Sequence[FeatureLookup | FeatureFunction],
    label: str | Sequence[str] | None,
    exclude_columns: str | Sequence[str] | None = None,
) -> TrainingSet:
    """Return a training set; all that can be wrong is checked here, without a Spark job (rules 15 to 22).

    Parameters
    ----------
    df
        The spine: label rows with keys, times and request-time columns.
    label
        Column or columns of `df` to predict; None for none.
    exclude_columns
        Columns that the training rows and the model do not get, though they may be needed to compute others.

    Raises
    ------
    InvalidInputError
        Also a ValueError: names the column and the table.
    """
    labels, excluded = as_names(label), as_names(exclude_columns)
    check_spine(df, labels, excluded)
    lookups, functions, tables = steps_of(df.sparkSession, feature_lookups)
    return training_set_of(df, lookups, functions, labels, excluded, tables)


def steps_of(
    spark: SparkSession, items: Sequence[FeatureLookup | FeatureFunction]
) -> tuple[list[LookupStep], list[FunctionStep], list[FeatureTable]]:
    """Return the steps of lookups, checked against their tables, those of functions, and the tables."""
    strangers = [item for item in items if not isinstance(item, FeatureLookup | FeatureFunction)]
    if strangers:
        raise InvalidInputError(f"feature_lookups takes FeatureLookup and FeatureFunction, found {strangers[0]!r}.")
    lookups = [item for item in items if isinstance(item, FeatureLookup)]
    tables = {item.table_name: get_feature_table(spark, item.table_name) for item in lookups}
    steps = [_lookup_step(spark, item, tables[item.table_name]) for item in lookups]
    functions = [item for item in items if isinstance(item, FeatureFunction)]
    stored = {name: get_function(spark, name) for name in dict.fromkeys(item.udf_name for item in functions)}
    computed = [_function_step(item, stored[item.udf_name]) for item in functions]
    return steps, computed, list(tables.values())


def training_set_of(
    df: DataFrame,
    lookups: Sequence[LookupStep],
    functions: Sequence[FunctionStep],
    labels: tuple[str, ...],
    excluded: tuple[str, ...],
    tables: Sequence[FeatureTable],
    declared: tuple[DeclaredStep, ...] = (),
) -> TrainingSet:
    """Return the training set of a spine that was checked and of steps, whose columns are checked against each other."""
    spec = FeatureSpec(
        source=tuple(SpecColumn(f.name, f.dataType.simpleString()) for f in df.schema if f.name not in labels),
        lookups=tuple(lookups),
        functions=tuple(functions),
        exclude=excluded,
        declared=declared,
    )
    check_outputs(spec, df, labels)
    in_order(spec.steps, [column for column in df.columns if column not in labels])
    _check_key_types(spec, df, tables)
    return TrainingSet(df, spec, labels)


def check_spine(df: DataFrame, labels: Sequence[str], excluded: Sequence[str]) -> None:
    """Refuse double columns, and labels that are not there or excluded."""
    counts = Counter(name.lower() for name in df.columns)
    doubled = sorted(name for name in df.columns if counts[name.lower()] > 1)
    if doubled:
        raise InvalidInputError(
            f"df has several columns of one name, or of names that differ by case only, which is one name to Spark: "
            f"{', '.join(doubled)}. Rename or drop them."
        )
    missing = [name for name in labels if name not in df.columns]
    if missing:
        raise MissingColumnsError(missing, "df", df.columns, "labels")
    both = sorted(set(labels) & set(excluded))
    if both:
        raise InvalidInputError(f"{', '.join(both)} cannot be a label and excluded.")


def _lookup_step(spark: SparkSession, item: FeatureLookup, table: FeatureTable) -> LookupStep:
    """Return the step of a lookup, checked against its table (rules 6, 15 to 17)."""
    keys = as_names(item.lookup_key)
    if len(keys) != len(table.lookup_keys):
        raise InvalidInputError(
            f"{table.name} has the keys ({', '.join(table.lookup_keys)}), lookup_key gives {len(keys)}: ({', '.join(keys)})."
        )
    time = _time_of(item, table)
    types = {field.name: field.dataType.simpleString() for field in table.schema}
    stray = [key for key in table.lookup_keys if types[key] in ("date", "timestamp")]
    if stray:
        raise InvalidInputError(
            f"{table.name} has the {types[stray[0]]} key {stray[0]!r}, which is not its time series column: declare it as "
            "timeseries_column when the table is created."
        )
    names = as_names(item.feature_names) or table.features
    unknown = [name for name in names if name not in table.features]
    if unknown:
        raise MissingColumnsError(unknown, table.name, table.features, "feature_names")
    features = tuple((name, item.rename_outputs.get(name, name), types[name]) for name in names)
    outputs = [output for _, output, _ in features]
    strange = [name for name in item.default_values if name not in outputs]
    if strange:
        raise MissingColumnsError(strange, f"the outputs of the lookup in {table.name}", outputs, "default_values")
    return LookupStep(
        table=table.name,
        table_id=table.table_id,
        table_version=lakehouse.table_version(spark, table.name),
        keys=tuple(zip(keys, table.lookup_keys, strict=True)),
        time=time,
        lookback=None if item.lookback_window is None or item.lookback_window > _CALENDAR else item.lookback_window,
        features=features,
        defaults=item.default_values,
    )


def _time_of(item: FeatureLookup, table: FeatureTable) -> tuple[str, str] | None:
    given = item.timestamp_lookup_key
    if table.timestamp_keys and not given:
        raise InvalidInputError(
            f"{table.name} is a time series table ({table.timestamp_keys[0]}): its lookup needs a timestamp_lookup_key."
        )
    if given and not table.timestamp_keys:
        raise InvalidInputError(f"{table.name} has no time series column: its lookup takes no timestamp_lookup_key.")
    return (str(given), table.timestamp_keys[0]) if given else None


def _function_step(item: FeatureFunction, function: CatalogFunction) -> FunctionStep:
    """Return the step of a function of the catalog, whose parameters must all be bound (rule 19)."""
    parameters = [name for name, _ in function.parameters]
    unbound = [name for name in parameters if name not in item.input_bindings]
    if unbound:
        raise MissingColumnsError(
            unbound, f"the input_bindings of {function.name}", list(item.input_bindings), "parameters"
        )
    strange = [name for name in item.input_bindings if name not in parameters]
    if strange:
        raise MissingColumnsError(strange, f"the parameters of {function.name}", parameters, "input_bindings")
    return FunctionStep(function, tuple((p, item.input_bindings[p]) for p in parameters), item.output_name)


def check_outputs(spec: FeatureSpec, df: DataFrame, labels: Sequence[str]) -> None:
    """Refuse outputs of one name in any case, several lookbacks of a table, too many of anything; warn of unknown exclusions."""
    origin: dict[str, str] = dict.fromkeys(df.columns, "df") | dict.fromkeys(labels, "the labels")
    spelled = {name.lower(): name for name in origin}
    for step in spec.steps:
        what = step.function.name if isinstance(step, FunctionStep) else getattr(step, "table", "a declared feature")
        for output in step.outputs:
            other = spelled.get(output.lower())
            if other is not None:
                as_other = "" if other == output else f" as {other!r}, which is the same name to Spark"
                raise InvalidInputError(
                    f"{output!r} would come from {what} and from {origin[other]}{as_other}: use rename_outputs or output_name."
                )
            origin[output], spelled[output.lower()] = what, output
    lookbacks: dict[str, object] = {}
    for lookup in spec.lookups:
        if lookbacks.setdefault(lookup.table, lookup.lookback) != lookup.lookback:
            raise InvalidInputError(f"{lookup.table} is looked up with several lookback windows: one per training set.")
    counts = {"functions": len(spec.functions), "tables": len(lookbacks), "features": len(spec.computed)}
    for what, most in _MOST.items():
        if counts[what] > most:
            raise InvalidInputError(f"A training set takes at most {most} {what}, found {counts[what]}.")
    unknown = [name for name in spec.exclude if name not in origin]
    if unknown:
        # Not an error there, and public tutorials do it.
        warnings.warn(
            f"exclude_columns names {', '.join(map(repr, unknown))}, which is no column of df and no feature. "
            f"Known: {', '.join(origin)}.",
            stacklevel=4,
        )


def _check_key_types(spec: FeatureSpec, df: DataFrame, tables: Sequence[FeatureTable]) -> None:
    types = {field.name: field.dataType.simpleString() for field in df.schema}
    types |= {column.name: column.type for column in spec.computed}
    schemas = {table.name: table.schema for table in tables}
    for step in spec.lookups:
        pairs = [*step.keys, *([step.time] if step.time else [])]
        wanted = {left: schemas[step.table][right].dataType.simpleString() for left, right in pairs}
        wrong = {left: (types[left], kind) for left, kind in wanted.items() if types[left] != kind}
        if wrong:
            raise ColumnTypeError(f"the keys for {step.table}", wrong)
