"""Stored definitions: what they may name, and what a version does not know is refused in one sentence."""

import datetime as dt

import pytest

from headwater.features import AggregationFunction, DeltaTableSource, Feature, RollingWindow, Sum
from headwater.features.definitions.aggregations.registry import aggregation_functions
from headwater.features.definitions.serialization import feature_from_dict, feature_to_dict
from headwater.lakehouse import InvalidInputError

DAY = dt.timedelta(days=1)
PARAMETERS = {"n": 2, "percentile": 0.5, "relativeSD": 0.1}


def _feature(operator):
    source = DeltaTableSource(catalog_name="main", schema_name="s", table_name="t")
    function = AggregationFunction(operator, RollingWindow(window_duration=DAY))
    return Feature(source=source, function=function, entity="k", timeseries_column="at", name="f")


@pytest.mark.parametrize("name", aggregation_functions())
def test_a_feature_of_each_function_is_read_as_it_was_stored(name):
    function = aggregation_functions()[name]
    names = function.__dataclass_fields__
    feature = _feature(function(input="v", **{key: value for key, value in PARAMETERS.items() if key in names}))
    stored = feature_to_dict(feature)
    assert stored["format"] == 1
    assert feature_from_dict(stored) == feature


@pytest.mark.parametrize(
    ("place", "name", "message"),
    [
        (("function", "operator"), "Summ", r"has the operator 'Summ', which this version .* Did you mean 'Sum'\?"),
        (("function", "operator"), "InvalidInputError", "has the operator 'InvalidInputError', which this version"),
        (("function", "window", "kind"), "epoch_micros", "has the window 'epoch_micros', which this version"),
        (("source", "kind"), "stream", "has the source 'stream', which this version"),
        (("format",), 2, "The stored feature f has format 2, and this version of Headwater reads format 1"),
    ],
)
def test_a_definition_that_names_something_unknown_is_refused(place, name, message):
    stored = feature_to_dict(_feature(Sum("v")))
    part = stored
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = name
    with pytest.raises(InvalidInputError, match=message):
        feature_from_dict(stored)


def test_a_definition_without_a_format_is_of_the_first():
    stored = feature_to_dict(_feature(Sum("v")))
    del stored["format"]
    assert feature_from_dict(stored) == _feature(Sum("v"))
