"""Every aggregation function has a class that computes it, and is held to the conformance suite."""

from importlib import import_module
from pathlib import Path

import pytest

from headwater.features.definitions.aggregations.function import Operator
from headwater.features.definitions.aggregations.registry import aggregation_functions
from headwater.features.windows.aggregates.registry import aggregate_of, all_aggregates
from tests.features.windows.aggregates.suite import AggregateSuite


def test_each_function_has_its_aggregate_and_each_aggregate_its_function():
    assert {one.kind for one in aggregation_functions().values()} == set(all_aggregates())


def test_each_function_is_held_to_the_suite():
    for file in Path(__file__).parent.glob("test_*.py"):
        if file != Path(__file__):
            import_module(f"tests.features.windows.aggregates.{file.stem}")
    held = {function.kind for suite in AggregateSuite.__subclasses__() for function in suite.functions}
    assert held == set(all_aggregates())


def test_a_function_that_nothing_computes_is_refused():
    class Product(Operator):
        pass

    with pytest.raises(ValueError, match=r"Product of 'v' cannot be computed over windows: .* no class for 'product'"):
        aggregate_of(Product("v"))
