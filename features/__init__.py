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
from features.functions import CatalogFunction, create_function, get_function
from features.lookup import FeatureFunction, FeatureLookup
from features.materialize import Materialization, evaluate_group, materialize, materialize_all, materialized
from features.point_in_time import join_as_of, join_latest
from features.spec import FeatureSpec, FunctionStep, LookupStep, SpecColumn
from features.tables import (
    FeatureTable,
    create_feature_table,
    delete_tag,
    get_feature_table,
    set_tag,
    write_feature_table,
)
from features.training_set import TrainingSet, create_training_set
from features.windows import RollingWindow, SlidingWindow, TumblingWindow

__all__ = [
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
    "RollingWindow",
    "SlidingWindow",
    "SpecColumn",
    "Sum",
    "TrainingSet",
    "TumblingWindow",
    "create_feature_table",
    "create_function",
    "create_training_set",
    "delete_tag",
    "evaluate",
    "evaluate_group",
    "get_feature_table",
    "get_function",
    "join_as_of",
    "join_latest",
    "materialize",
    "materialize_all",
    "materialized",
    "plan_lookups",
    "set_tag",
    "write_feature_table",
]
