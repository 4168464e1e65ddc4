"""Features: definitions, specs, the point-in-time join, windows and materialisation."""

from features.definitions import (
    AggregationFunction,
    Avg,
    ColumnSelection,
    Count,
    DeltaTableSource,
    Feature,
    FeatureGroup,
    Max,
    Min,
    Sum,
)
from features.evaluate import LookupPlan, evaluate, plan_lookups
from features.functions import (
    CatalogFunction,
    create_function,
    drop_function,
    get_function,
    keep_function,
    list_functions,
)
from features.latest import join_latest
from features.lookup import FeatureFunction, FeatureLookup
from features.materialize import Materialization, evaluate_group, materialize, materialize_all, materialized
from features.point_in_time import join_as_of
from features.saved_training_set import ReplayError, SavedTrainingSet
from features.spec import FeatureSpec, FunctionStep, LookupStep, SpecColumn
from features.sql_functions import PYTHON_SUFFIX, register_function
from features.tables import (
    FeatureTable,
    create_feature_table,
    declared_key,
    delete_tag,
    get_feature_table,
    key_properties,
    set_tag,
    tag_properties,
    without_key,
    write_feature_table,
)
from features.training_set import TrainingSet, create_training_set
from features.windows import RollingWindow, SlidingWindow, TumblingWindow

__all__ = [
    "PYTHON_SUFFIX",
    "AggregationFunction",
    "Avg",
    "CatalogFunction",
    "ColumnSelection",
    "Count",
    "DeltaTableSource",
    "Feature",
    "FeatureFunction",
    "FeatureGroup",
    "FeatureLookup",
    "FeatureSpec",
    "FeatureTable",
    "FunctionStep",
    "LookupPlan",
    "LookupStep",
    "Materialization",
    "Max",
    "Min",
    "ReplayError",
    "RollingWindow",
    "SavedTrainingSet",
    "SlidingWindow",
    "SpecColumn",
    "Sum",
    "TrainingSet",
    "TumblingWindow",
    "create_feature_table",
    "create_function",
    "create_training_set",
    "declared_key",
    "delete_tag",
    "drop_function",
    "evaluate",
    "evaluate_group",
    "get_feature_table",
    "get_function",
    "join_as_of",
    "join_latest",
    "keep_function",
    "key_properties",
    "list_functions",
    "materialize",
    "materialize_all",
    "materialized",
    "plan_lookups",
    "register_function",
    "set_tag",
    "tag_properties",
    "without_key",
    "write_feature_table",
]
