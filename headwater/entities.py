"""What features are declared with: the names that people import from the published client's ``entities``."""

from features import (
    AggregationFunction,
    Avg,
    ColumnSelection,
    Count,
    DeltaTableSource,
    Feature,
    FeatureFunction,
    FeatureLookup,
    FeatureTable,
    Max,
    Min,
    RollingWindow,
    SlidingWindow,
    Sum,
    TumblingWindow,
)

__all__ = [
    "AggregationFunction",
    "Avg",
    "ColumnSelection",
    "Count",
    "DeltaTableSource",
    "Feature",
    "FeatureFunction",
    "FeatureLookup",
    "FeatureTable",
    "Max",
    "Min",
    "RollingWindow",
    "SlidingWindow",
    "Sum",
    "TumblingWindow",
]
