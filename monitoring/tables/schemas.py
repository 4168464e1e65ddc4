"""The result tables' columns and types, all in one place.

The profile and drift tables are those of Databricks' data profiling, column by column. The histograms table is this
project's own: the state that both are derived from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from headwater.lakehouse import InvalidInputError, quoted

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

__all__ = [
    "ACTIONS",
    "FINDINGS",
    "INCIDENTS",
    "INPUT_DRIFT",
    "LIMITS",
    "NOTICES",
    "REFERENCES",
    "alerts_schema",
    "drift_schema",
    "estimates_schema",
    "histograms_schema",
    "parsed",
    "profile_schema",
    "renamed",
    "score_changes_schema",
]

_WINDOW: Final = "struct<start:timestamp,end:timestamp>"
_QUALITY: Final = "struct<one_vs_all:map<string,double>,macro:double,weighted:double>"
_AUC: Final = "struct<one_vs_all:map<string,double>,one_vs_one:struct<macro:double,weighted:double>>"

_PROFILE: Final = f"""
window {_WINDOW}, log_type string, logging_table_commit_version int, monitor_version bigint, granularity string,
slice_key string, slice_value string, @model column_name string, count bigint, data_type string, num_nulls bigint,
avg double, quantiles array<double>, min double, max double, stddev double, num_zeros bigint, num_nan bigint,
min_length double, max_length double, avg_length double, non_null_columns array<string>,
frequent_items array<struct<item:string,count:bigint>>, median double, distinct_count bigint,
percent_nan double, percent_null double, percent_zeros double, percent_distinct double,
accuracy_score double, confusion_matrix array<struct<prediction:string,label:string,count:bigint>>,
precision {_QUALITY}, recall {_QUALITY}, f1_score {_QUALITY}, log_loss double, roc_auc_score {_AUC},
mean_squared_error double, root_mean_squared_error double, mean_average_error double,
mean_absolute_percentage_error double, r2_score double,
predictive_parity map<string,double>, predictive_equality map<string,double>,
equal_opportunity map<string,double>, statistical_parity map<string,double>
"""

_DRIFT: Final = f"""
window {_WINDOW}, granularity string, monitor_version bigint, slice_key string, slice_value string, @model
column_name string, data_type string, window_cmp {_WINDOW}, drift_type string, count_delta bigint, avg_delta double,
percent_null_delta double, percent_zeros_delta double, percent_distinct_delta double,
non_null_columns_delta struct<added:int,missing:int>, js_distance double,
ks_test struct<statistic:double,pvalue:double>, wasserstein_distance double, population_stability_index double,
chi_squared_test struct<statistic:double,pvalue:double>, tv_distance double, l_infinity_distance double
"""

_HISTOGRAMS: Final = f"""
window {_WINDOW}, window_index bigint, log_type string, logging_table_commit_version int, monitor_version bigint,
granularity string, slice_key string, slice_value string, model_id string, column_name string, data_type string,
column_kind string, count bigint, num_nulls bigint, num_nan bigint, num_zeros bigint, total bigint, mean double,
m2 double, minimum double, maximum double, min_length bigint, max_length bigint, sum_length bigint,
number_values array<double>, string_values array<string>, counts array<bigint>, bins array<bigint>,
hashes array<bigint>, edges array<double>
"""

_ALERTS: Final = f"""
rule string, column_name string, window {_WINDOW}, granularity string, slice_key string, slice_value string,
model_id string, drift_type string, metric string, value double, threshold double, severity string, concerns string,
message string,
 raised_at timestamp
"""

_ESTIMATES: Final = f"""
window {_WINDOW}, granularity string, monitor_version bigint, @model metric string, estimator string,
estimated double, standard_error double, realised double, rows bigint, labelled_rows bigint, coverage double,
reference double, lower_threshold double, upper_threshold double, alert boolean
"""

_SCORE_CHANGES: Final = f"""
window {_WINDOW}, granularity string, monitor_version bigint, @model kind string, column_name string, slice_value string,
contribution double, share double, mean_score double, baseline_mean_score double, fidelity double
"""

INPUT_DRIFT: Final = f"""
window {_WINDOW}, granularity string, monitor_version bigint, baseline_version bigint, roc_auc double, standard_error double,
threshold double, alert boolean, rows bigint
"""
REFERENCES: Final = """
model_id string, baseline_version bigint, monitor_version bigint, kind string, classes array<string>, rows bigint,
document string, limits array<struct<granularity:string,metric:string,reference:double,error:double,lower:double,upper:double>>
"""
FINDINGS: Final = f"""
window {_WINDOW}, granularity string, column_name string, kind string, concerns string, cause string, model_id string,
effect double, limit double, pvalue double, excess double, importance double, needs int, words string
"""
LIMITS: Final = """
column_name string, kind string, value double, effects array<double>, margin double, baseline_version bigint,
monitor_version bigint, policy string
"""
INCIDENTS: Final = """
incident_id string, cause string, concerns string, severity string, state string, columns array<string>,
kinds array<string>, model_id string, since timestamp, opened_at timestamp, last_seen timestamp, closed_at timestamp,
score double, pvalue double, over_budget boolean, silenced_until timestamp, acknowledged_by string, message string,
advice string
"""
ACTIONS: Final = "incident_id string, action string, until timestamp, who string, at timestamp, note string"
NOTICES: Final = """
incident_id string, state string, channel string, opened_at timestamp, sent_at timestamp, severity string, message string
"""


def profile_schema(model_id_col: str | None) -> StructType:
    """Return the columns of ``…_profile_metrics``; an inference log's model id keeps its configured name.

    Examples
    --------
    >>> names = profile_schema("model_version").names  # needs a session: spark
    >>> names[7]
    'model_version'
    """
    return _schema(_PROFILE, model_id_col)


def drift_schema(model_id_col: str | None) -> StructType:
    """Return the columns of ``…_drift_metrics``; needs a Spark session, which parses them.

    Examples
    --------
    >>> drift_schema(None)["ks_test"].dataType.simpleString()  # needs spark
    'struct<statistic:double,pvalue:double>'
    """
    return _schema(_DRIFT, model_id_col)


def estimates_schema(model_id_col: str) -> StructType:
    """Return the columns of ``…_performance_estimates``; the key is window, granularity, model id and metric.

    `estimated` and its `standard_error` are NULL where the model has no reference, `realised` until labels come. `coverage` is
    the share of the window's `rows` that have a label, 0 to 1. `alert` says that the estimate is beyond its threshold on the
    worse side.

    Examples
    --------
    >>> estimates_schema("model_version").names[3:6]  # needs spark
    ['model_version', 'metric', 'estimator']
    """
    return _schema(_ESTIMATES, model_id_col)


def score_changes_schema(model_id_col: str) -> StructType:
    """Return the columns of ``…_score_changes``; the key is window, granularity, model id, kind, column and slice value.

    `contribution` is how much of the change of the mean score, `mean_score - baseline_mean_score`, came from the ``input``; the
    inputs' sum up to it but for what the model of the scores leaves unexplained (`fidelity`, its R²). That of a ``slice`` came
    from scores within it; `share` is its share of the window's rows, 0 to 1.

    Examples
    --------
    >>> score_changes_schema("model_version").names[3:6]  # needs spark
    ['model_version', 'kind', 'column_name']
    """
    return _schema(_SCORE_CHANGES, model_id_col)


def histograms_schema() -> StructType:
    """Return the columns of ``…_histograms``: per window, slice, model and column what :class:`ColumnState` holds.

    Rows with log_type EDGES hold a column's bin edges, fixed for ever; BASELINE and INPUT rows hold states.
    """
    return _schema(_HISTOGRAMS, None)


def alerts_schema() -> StructType:
    """Return the columns of ``…_alerts``; the key is rule, column, window, granularity, slice, model id and drift type."""
    return _schema(_ALERTS, None)


def parsed(ddl: str) -> StructType:
    """Return the schema that the DDL writes; needs a Spark session."""
    from pyspark.sql.types import StructType

    schema = StructType.fromDDL(ddl)
    assert isinstance(schema, StructType)
    return schema


def renamed(schema: StructType, name: str | None, new_name: str) -> StructType:
    """Return the schema with the field `name`, if it is there, under its new name."""
    from pyspark.sql.types import StructField, StructType

    return StructType([StructField(new_name, f.dataType) if f.name == name else f for f in schema.fields])


def _schema(text: str, model_id_col: str | None) -> StructType:
    model = f"{quoted(model_id_col)} string," if model_id_col else ""
    schema = parsed(text.replace("@model", model))
    if len({name.lower() for name in schema.names}) < len(schema.names):
        raise InvalidInputError(
            f"model_id_col={model_id_col!r} is also the name of a result column: rename it in a view of the table."
        )
    return schema
