"""Definitions of custom metrics: what Databricks' are is taken, and what cannot work is refused when it is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from pyspark.sql import types as T

from headwater.lakehouse import InvalidInputError
from headwater.monitoring import Monitor, MonitorMetric, MonitorSnapshot

METRIC = MonitorMetric(
    type="aggregate", name="m", input_columns=["delay", "wind"], definition="avg({{input_column}})",
    output_data_type="double",
)  # fmt: skip


@dataclass
class Metric:
    """The class of the older package, ``databricks.lakehouse_monitoring.Metric``."""

    type: str
    name: str
    input_columns: list
    definition: str
    output_data_type: Any


@pytest.mark.parametrize(
    ("given", "sql"),
    [
        ("array<int>", "array<int>"),
        (T.StructField("output", T.DoubleType()).json(), "double"),
        (T.LongType().json(), "bigint"),
        (T.MapType(T.StringType(), T.DecimalType(10, 2)).json(), "map<string,decimal(10,2)>"),
        (T.ArrayType(T.TimestampType()), "array<timestamp>"),
    ],
)
def test_a_type_is_given_as_sql_as_json_or_as_sparks_class(given, sql):
    assert replace(METRIC, output_data_type=given).output_data_type == sql


def test_the_older_class_and_a_dict_are_taken_and_what_they_lack_is_named():
    older = Metric("aggregate", "m", ["delay", "wind"], "avg({{input_column}})", T.DoubleType())
    assert MonitorMetric.of(older) == MonitorMetric.of(vars(older)) == METRIC
    monitor = Monitor(table_name="a.b", output_schema="a", kind=MonitorSnapshot(), custom_metrics=[older])
    assert monitor.custom_metrics == (METRIC,)
    with pytest.raises(InvalidInputError, match="'m' lacks definition, output_data_type"):
        MonitorMetric.of({"type": "drift", "name": "m", "input_columns": ["x"]})


def test_variables_are_filled_in_for_each_column_and_side():
    names = {"prediction_col": "guess", "label_col": "truth"}
    of_both = replace(METRIC, definition="avg({{prediction_col}} - {{ label_col }}) + sum(`{{input_column}}`)")
    assert of_both.sql("wind", names) == "avg(guess - truth) + sum(`wind`)"
    drift = replace(METRIC, type="drift", definition="{{current_df}}.a - `{{base_df}}`.a - `{{base_df}}.b c`")
    assert drift.sql("wind") == "current_df.a - `base_df`.a - `base_df`.`b c`"
    with pytest.raises(InvalidInputError, match="'label_col' is undefined"):
        of_both.sql("wind", {"prediction_col": "guess", "label_col": None})


@pytest.mark.parametrize(
    "definition",
    [
        "avg({{input_column.__class__.__mro__[1].__subclasses__()}})",
        "{{ ''.format.__globals__ }}",
        "{% for i in range(10 ** 9) %}x{% endfor %}",
    ],
)
def test_a_template_cannot_leave_its_sandbox(definition):
    with pytest.raises(InvalidInputError, match="cannot be filled in"):
        replace(METRIC, definition=definition).sql("wind")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "agregate"}, "Did you mean 'aggregate'"),
        ({"name": "my metric"}, "letters, digits and _"),
        ({"input_columns": "delay"}, "give a list of columns"),
        ({"input_columns": []}, "give a list of columns"),
        ({"input_columns": [":table"]}, "'input_column', which an aggregate metric of the whole table has not"),
        ({"definition": "{{current_df}}.a"}, "'current_df', which an aggregate metric has not"),
        ({"definition": "avg({{"}, "has the definition"),
        ({"output_data_type": ""}, "needs an output_data_type"),
        ({"output_data_type": '{"type": "dubble"}'}, "is no type's JSON"),
    ],
)
def test_what_cannot_work_is_refused_and_named(changes, message):
    with pytest.raises(InvalidInputError, match=message):
        replace(METRIC, **changes)


def test_two_metrics_of_one_table_have_two_names_and_one_of_each_table_may_share_one():
    drift = replace(METRIC, type="drift", definition="{{current_df}}.m - {{base_df}}.m")
    facts = {"table_name": "a.b", "output_schema": "a", "kind": MonitorSnapshot()}
    assert len(Monitor(**facts, custom_metrics=[METRIC, drift]).custom_metrics) == 2
    with pytest.raises(InvalidInputError, match="a name of its own"):
        Monitor(**facts, custom_metrics=[METRIC, replace(METRIC, name="M", type="derived", definition="avg")])
