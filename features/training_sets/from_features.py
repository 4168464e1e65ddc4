"""Training sets of declared features, and these features at all times of their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headwater.features.definitions.feature import ColumnSelection, Feature, FeatureViewSource
from headwater.features.definitions.legacy_aggregations import FeatureAggregations
from headwater.features.definitions.lookups import as_names
from headwater.features.definitions.sources import RequestSource
from headwater.features.evaluation.declared import feature_types, source_versions
from headwater.features.evaluation.evaluate import in_order
from headwater.features.evaluation.row_functions import bound_function
from headwater.features.functions.python_function import CatalogFunction
from headwater.features.specs.spec import DeclaredStep, FeatureSpec, FunctionStep, SpecColumn
from headwater.features.training_sets.from_lookups import TrainingSet, check_outputs, check_spine
from headwater.lakehouse import ColumnTypeError, InvalidInputError, MissingColumnsError, quoted

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = [
    "batch_feature_spec",
    "check_declared_keys",
    "compute_features",
    "create_declared_training_set",
    "declared_spec",
]


def create_declared_training_set(
    df: DataFrame,
    features: Sequence[Feature],
    label: str | Sequence[str] | None,
    exclude_columns: str | Sequence[str] | None = None,
) -> TrainingSet:
    """Return a training set of declared features; all that can be wrong is checked here, without a Spark job.

    Parameters
    ----------
    df
        The spine: label rows with the features' entity and time columns, under the names that they have in the sources.
    features
        Of any sources, entities, time columns and windows. Those that others are made of need not be listed.
    label, exclude_columns
        See :func:`features.create_training_set`.

    Notes
    -----
    With t a row's time, aggregations are of the events before t, as their windows say; columns are those of the newest row
    at or before t. A NULL or unknown key has no events: counts are 0, all else is NULL. A NULL time makes all NULL.
    """
    labels, excluded = as_names(label), as_names(exclude_columns)
    check_spine(df, labels, excluded)
    source = tuple(SpecColumn(f.name, f.dataType.simpleString()) for f in df.schema if f.name not in labels)
    spec = declared_spec(df.sparkSession, features, source, excluded)
    check_outputs(spec, df, labels)
    in_order(spec.steps, [column for column in df.columns if column not in labels])
    return TrainingSet(df, spec, labels)


def declared_spec(
    spark: SparkSession, features: Sequence[Feature], source: tuple[SpecColumn, ...], exclude: tuple[str, ...] = ()
) -> FeatureSpec:
    """Return the spec of declared features for rows that have the columns `source`."""
    asked = _spread(features)
    strangers = [one for one in asked if not isinstance(one, Feature)]
    if strangers or not asked:
        found = repr(strangers[0]) if strangers else "none"
        raise InvalidInputError(f"features takes a list of Feature, found {found}.")
    everything = _with_parts(asked)
    computed = [feature for feature in everything if feature.source.has_rows]
    types = feature_types(spark, computed)
    kinds = {column.name: column.type for column in source}
    check_declared_keys(spark, computed, kinds)
    kinds |= {str(f.name): kind for f, kind in zip(computed, types, strict=True)}
    functions = []
    for feature in everything:
        if feature.source.has_rows:
            continue
        step = _on_demand(spark, feature, kinds)
        if step is not None:
            functions.append(step)
            kinds[step.output] = step.function.returns
    hidden = [str(f.name) for f in everything if f not in asked and str(f.name) not in {c.name for c in source}]
    return FeatureSpec(
        source=source,
        lookups=(),
        functions=tuple(functions),
        exclude=(*exclude, *(name for name in hidden if name not in exclude)),
        declared=(DeclaredStep(tuple(computed), types, source_versions(spark, computed)),) if computed else (),
    )


def batch_feature_spec(
    spark: SparkSession, features: Sequence[Feature], exclude_columns: str | Sequence[str] | None = None
) -> FeatureSpec:
    """Return the spec of declared features alone: its source columns are their entities, times and request's columns.

    Raises
    ------
    InvalidInputError
        Two features have one column with different types, or what :func:`create_declared_training_set` refuses.
    """
    kinds: dict[str, str] = {}
    for feature in _with_parts(_spread(features)):
        if isinstance(feature.source, RequestSource):
            needed = dict(feature.source.schema)
        elif feature.source.has_rows:
            schema = feature.source.load_df(spark).schema
            names = [*as_names(feature.entity), *as_names(feature.timeseries_column)]
            needed = {name: schema[name].dataType.simpleString() for name in names if name in schema.names}
        else:
            continue
        wrong = {name: (kinds[name], kind) for name, kind in needed.items() if kinds.setdefault(name, kind) != kind}
        if wrong:
            raise ColumnTypeError(f"the columns of {feature.name} and of features before it", wrong)
    source = tuple(SpecColumn(*pair) for pair in kinds.items())
    spec = declared_spec(spark, features, source, as_names(exclude_columns))
    names = [*kinds, *(column.name for column in spec.computed)]
    unknown = [name for name in spec.exclude if name not in names]
    if unknown:
        raise MissingColumnsError(unknown, "the features", names, "exclude_columns")
    return spec


def compute_features(spark: SparkSession, features: Sequence[Feature]) -> DataFrame:
    """Return the features at every time at which their sources have a row; lazy.

    Columns: entity, time, then the features. One row for each entity and time of the sources' rows, with the values that a
    training set gives there; a window's end is exclusive, so that a row's own event is not in it.

    Raises
    ------
    InvalidInputError
        The features differ in entity or time column: compute them one by one.
    """
    asked = _spread(features)
    everything = _with_parts(asked) if all(isinstance(feature, Feature) for feature in asked) else []
    computed = [feature for feature in everything if feature.source.has_rows]
    if not computed:
        raise InvalidInputError(
            "compute_features takes features of tables or DataFrames: features of other sources have no rows of their own."
        )
    first = computed[0]
    for other in computed[1:]:
        if (other.entity, other.timeseries_column) != (first.entity, first.timeseries_column):
            raise InvalidInputError(
                f"{other.name!r} and {first.name!r} differ in entity or time column: compute them apart, or at the times of "
                "rows of your own by create_training_set(df=..., features=...)."
            )
    names = [*as_names(first.entity), *as_names(first.timeseries_column)]
    feature_types(spark, computed)
    rows: DataFrame | None = None
    for i, feature in enumerate(computed):
        if any(feature.source == earlier.source for earlier in computed[:i]):
            continue
        more = feature.source.load_df(spark).select(*map(quoted, names))
        rows = more if rows is None else rows.unionByName(more)
    assert rows is not None
    return create_declared_training_set(rows.dropna().distinct(), features, None).load_df()


def _spread(features: Sequence[Feature | FeatureAggregations]) -> list[Feature]:
    """Return the features, the older aggregations among them as features."""
    return [
        one for given in features for one in (given.features if isinstance(given, FeatureAggregations) else [given])
    ]


def _with_parts(features: Sequence[Feature]) -> list[Feature]:
    """Return the features, each after those that it is made of."""
    found: list[Feature] = []
    for feature in features:
        parts = feature.source.features if isinstance(feature.source, FeatureViewSource) else ()
        found += [part for part in _with_parts(parts) if part not in found]
        if list(features).count(feature) > 1:
            raise InvalidInputError(f"The feature {feature.name!r} is asked for twice.")
        if feature not in found:
            found.append(feature)
    return found


def check_declared_keys(spark: SparkSession, features: Sequence[Feature], kinds: Mapping[str, str]) -> None:
    """Refuse key and time columns that are not there, or of another type than the source's."""
    for feature in features:
        names = [*as_names(feature.entity), *as_names(feature.timeseries_column)]
        missing = [name for name in names if name not in kinds]
        if missing:
            raise MissingColumnsError(missing, "df", list(kinds), f"needed by the feature {feature.name}")
        schema = feature.source.load_df(spark).schema
        wanted = {name: schema[name].dataType.simpleString() for name in names}
        wrong = {name: (kinds[name], kind) for name, kind in wanted.items() if kinds[name] != kind}
        if wrong:
            raise ColumnTypeError(f"df for the feature {feature.name}", wrong)


def _on_demand(spark: SparkSession, feature: Feature, kinds: dict[str, str]) -> FunctionStep | None:
    """Return the step of a feature of columns that are there; None for a column under its own name."""
    if isinstance(feature.source, RequestSource):
        there = dict(feature.source.schema)
        missing = [name for name in there if name not in kinds and name in feature.inputs]
        if missing:
            raise MissingColumnsError(missing, "df", list(kinds), f"the request's columns, needed by {feature.name}")
        wrong = {n: (kinds[n], kind) for n, kind in there.items() if n in feature.inputs and kinds[n] != kind}
        if wrong:
            raise ColumnTypeError(f"df for the feature {feature.name}", wrong)
    else:
        assert isinstance(feature.source, FeatureViewSource)
        there = {str(one.name): kinds[str(one.name)] for one in feature.source.features}
    bindings: tuple[tuple[str, str], ...]
    if isinstance(feature.function, ColumnSelection):
        column = feature.function.column
        function, bindings = _identity(feature, there.get(column, "string")), (("value", column),)
    else:
        function, bindings = bound_function(spark, feature)
    unknown = [column for _, column in bindings if column not in there]
    if unknown:
        raise MissingColumnsError(
            unknown, feature.source.full_name, list(there), f"needed by the feature {feature.name}"
        )
    if isinstance(feature.function, ColumnSelection) and feature.function.column == feature.name:
        return None
    return FunctionStep(function, bindings, str(feature.name))


def _identity(feature: Feature, kind: str) -> CatalogFunction:
    return CatalogFunction.of_body(str(feature.name), [("value", kind)], kind, "return value")
