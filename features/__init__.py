"""Features: definitions, specs, the point-in-time join, windows and materialisation."""

from typing import TYPE_CHECKING

from headwater.on_demand import on_demand

if TYPE_CHECKING:
    from headwater.features.catalog.feature_specs import (
        FeatureSpecInfo,
        create_feature_spec,
        create_training_set_of_spec,
        delete_feature_spec,
        get_feature_spec,
        stored_feature_spec,
        update_feature_spec,
    )
    from headwater.features.catalog.features import delete_feature, get_feature, list_features, register_feature
    from headwater.features.definitions.aggregations.counts import ApproxCountDistinct, Count
    from headwater.features.definitions.aggregations.ends import (
        First,
        FirstDistinct,
        FirstN,
        Last,
        LastDistinct,
        LastN,
    )
    from headwater.features.definitions.aggregations.extremes import Max, Min
    from headwater.features.definitions.aggregations.function import Function
    from headwater.features.definitions.aggregations.percentiles import ApproxPercentile, PercentileApprox
    from headwater.features.definitions.aggregations.spread import StddevPop, StddevSamp, VarPop, VarSamp
    from headwater.features.definitions.aggregations.totals import Avg, Sum
    from headwater.features.definitions.feature import (
        AggregationFunction,
        ColumnSelection,
        CustomUDF,
        Feature,
        FeatureViewSource,
        RowTransformation,
    )
    from headwater.features.definitions.group import FeatureGroup
    from headwater.features.definitions.legacy_aggregations import Aggregation, FeatureAggregations
    from headwater.features.definitions.lookups import FeatureFunction, FeatureLookup
    from headwater.features.definitions.sources import (
        DataFrameSource,
        DataSource,
        DeltaTableSource,
        RequestSource,
        VolumeSource,
    )
    from headwater.features.definitions.windows import (
        RollingWindow,
        SawtoothWindow,
        SlidingWindow,
        TimeWindow,
        TumblingWindow,
        Window,
    )
    from headwater.features.evaluation.evaluate import LookupPlan, evaluate, in_order, plan_lookups
    from headwater.features.evaluation.json_values import json_reader
    from headwater.features.evaluation.pandas_rows import arrow_rows, pandas_rows
    from headwater.features.evaluation.reader import feature_reader
    from headwater.features.evaluation.without_spark import evaluate_without_spark
    from headwater.features.functions.decorator import StoredFunction, feature_function
    from headwater.features.functions.python_function import (
        CatalogFunction,
        create_function,
        drop_function,
        get_function,
        keep_function,
        list_functions,
    )
    from headwater.features.functions.sql_registration import PYTHON_SUFFIX, register_function
    from headwater.features.joins.forms.by_key import join_latest
    from headwater.features.joins.point_in_time import join_as_of
    from headwater.features.materialization.materialize import (
        Materialization,
        evaluate_group,
        materialize,
        materialize_all,
        materialized,
    )
    from headwater.features.specs.model_layout import (
        DIGEST_TAG,
        MODEL_DATA,
        RAW_MODEL,
        SPEC_FILE,
        changed_file,
        write_digests,
    )
    from headwater.features.specs.spec import DeclaredStep, FeatureSpec, FunctionStep, LookupStep, SpecColumn
    from headwater.features.tables.declare import create_feature_table, declare_feature_table
    from headwater.features.tables.properties import (
        FeatureTable,
        declared_key,
        delete_tag,
        get_feature_table,
        key_properties,
        set_tag,
        tag_properties,
        without_key,
    )
    from headwater.features.tables.streams import write_feature_stream
    from headwater.features.tables.write import overwrite_feature_table, write_feature_table
    from headwater.features.training_sets.from_features import (
        batch_feature_spec,
        compute_features,
        create_declared_training_set,
        declared_spec,
    )
    from headwater.features.training_sets.from_lookups import TrainingSet, create_training_set
    from headwater.features.training_sets.saved import ReplayError, SavedTrainingSet, saved_training_sets
    from headwater.features.training_sets.stored import StoredTrainingSet

__all__ = [
    "DIGEST_TAG",
    "MODEL_DATA",
    "PYTHON_SUFFIX",
    "RAW_MODEL",
    "SPEC_FILE",
    "Aggregation",
    "AggregationFunction",
    "ApproxCountDistinct",
    "ApproxPercentile",
    "Avg",
    "CatalogFunction",
    "ColumnSelection",
    "Count",
    "CustomUDF",
    "DataFrameSource",
    "DataSource",
    "DeclaredStep",
    "DeltaTableSource",
    "Feature",
    "FeatureAggregations",
    "FeatureFunction",
    "FeatureGroup",
    "FeatureLookup",
    "FeatureSpec",
    "FeatureSpecInfo",
    "FeatureTable",
    "FeatureViewSource",
    "First",
    "FirstDistinct",
    "FirstN",
    "Function",
    "FunctionStep",
    "Last",
    "LastDistinct",
    "LastN",
    "LookupPlan",
    "LookupStep",
    "Materialization",
    "Max",
    "Min",
    "PercentileApprox",
    "ReplayError",
    "RequestSource",
    "RollingWindow",
    "RowTransformation",
    "SavedTrainingSet",
    "SawtoothWindow",
    "SlidingWindow",
    "SpecColumn",
    "StddevPop",
    "StddevSamp",
    "StoredFunction",
    "StoredTrainingSet",
    "Sum",
    "TimeWindow",
    "TrainingSet",
    "TumblingWindow",
    "VarPop",
    "VarSamp",
    "VolumeSource",
    "Window",
    "arrow_rows",
    "batch_feature_spec",
    "changed_file",
    "compute_features",
    "create_declared_training_set",
    "create_feature_spec",
    "create_feature_table",
    "create_function",
    "create_training_set",
    "create_training_set_of_spec",
    "declare_feature_table",
    "declared_key",
    "declared_spec",
    "delete_feature",
    "delete_feature_spec",
    "delete_tag",
    "drop_function",
    "evaluate",
    "evaluate_group",
    "evaluate_without_spark",
    "feature_function",
    "feature_reader",
    "get_feature",
    "get_feature_spec",
    "get_feature_table",
    "get_function",
    "in_order",
    "join_as_of",
    "join_latest",
    "json_reader",
    "keep_function",
    "key_properties",
    "list_features",
    "list_functions",
    "materialize",
    "materialize_all",
    "materialized",
    "overwrite_feature_table",
    "pandas_rows",
    "plan_lookups",
    "register_feature",
    "register_function",
    "saved_training_sets",
    "set_tag",
    "stored_feature_spec",
    "tag_properties",
    "update_feature_spec",
    "without_key",
    "write_digests",
    "write_feature_stream",
    "write_feature_table",
]

__getattr__, __dir__ = on_demand(__name__, __file__)
