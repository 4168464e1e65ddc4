"""``databricks.…`` within a run."""

import importlib
import sys
import types

import pytest

import headwater
from headwater import features
from headwater.clients import entities
from headwater.notebook.kernel import imports
from headwater.notebook.kernel.imports import databricks_imports


def test_the_feature_engineering_packages_are_headwaters():
    with databricks_imports({}):
        from databricks import feature_engineering, feature_store
        from databricks.feature_engineering import FeatureEngineeringClient, FeatureFunction, FeatureLookup
        from databricks.feature_engineering.client import FeatureEngineeringClient as Client
        from databricks.feature_engineering.entities.feature import Feature
        from databricks.feature_engineering.entities.feature_lookup import FeatureLookup as Lookup
        from databricks.feature_store.entities.feature_function import FeatureFunction as Function

        assert feature_engineering.FeatureEngineeringClient is FeatureEngineeringClient is Client
        assert FeatureEngineeringClient is headwater.FeatureEngineeringClient
        assert FeatureLookup is Lookup is feature_store.FeatureLookup is features.FeatureLookup
        assert FeatureFunction is Function
        assert Feature is features.Feature
        assert not hasattr(feature_engineering, "NoSuchThing")
    assert not [
        name for name in sys.modules if name.startswith(("databricks.feature_engineering", "databricks.feature_store"))
    ]


def test_what_features_are_declared_with_is_in_every_module_that_people_import_it_from():
    for below in (
        "aggregation",
        "aggregation_function",
        "column_selection",
        "data_source",
        "feature",
        "feature_aggregations",
        "function",
        "time_window",
        "transformation",
    ):
        name = f"databricks.feature_engineering.entities.{below}"
        with databricks_imports({}):
            module = importlib.import_module(name)
            assert module.__all__ == imports._MODULES[name], name
            assert all(getattr(module, one) is getattr(entities, one) for one in module.__all__)
    with databricks_imports({}):
        from databricks.feature_engineering.entities import AvgFunction, SawtoothWindow

        assert (AvgFunction, SawtoothWindow) == (features.Avg, features.SawtoothWindow)


def test_a_name_that_headwater_does_not_have_is_an_import_error_that_says_so():
    with databricks_imports({}):
        with pytest.raises(ImportError, match=r"Headwater has no 'FeatureLokup' for .*Did you mean 'FeatureLookup'"):
            from databricks.feature_engineering import FeatureLokup  # noqa: F401
        with pytest.raises(ImportError, match=r"Headwater has no 'ml_features'"):
            importlib.import_module("databricks.feature_engineering.ml_features")


def test_an_installed_package_is_covered_and_back_afterwards(monkeypatch):
    real = types.ModuleType("databricks.feature_engineering")
    monkeypatch.setitem(sys.modules, "databricks.feature_engineering", real)
    with databricks_imports({}):
        assert importlib.import_module("databricks.feature_engineering") is not real
    assert sys.modules["databricks.feature_engineering"] is real
    assert len(sys.meta_path) == len({id(finder) for finder in sys.meta_path})


def test_modules_of_the_run_are_made_when_they_are_imported():
    asked = []
    given = {"databricks.sdk.runtime": lambda: asked.append(1) or {"dbutils": "here"}}
    with databricks_imports(given):
        assert asked == []
        from databricks.sdk.runtime import dbutils

        assert (dbutils, asked) == ("here", [1])
    assert "databricks.sdk.runtime" not in sys.modules


def test_without_the_sdk_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(imports.PathFinder, "find_spec", lambda *_: None)
    for name in [name for name in sys.modules if name.partition(".")[0] == "databricks"]:
        monkeypatch.delitem(sys.modules, name)
    with databricks_imports({}):
        with pytest.raises(
            ModuleNotFoundError, match=r"databricks\.sdk\.service is not installed.*pip install databricks-sdk"
        ):
            importlib.import_module("databricks.sdk.service")
        assert importlib.import_module("databricks.feature_store").FeatureLookup is features.FeatureLookup


def test_submodules_are_attributes_without_an_import_of_their_own():
    with databricks_imports({}):
        import databricks

        assert databricks.feature_store.entities.feature_table.FeatureTable is entities.FeatureTable
        assert databricks.feature_store.training_set.TrainingSet is headwater.features.TrainingSet
        assert "FeatureLookup" in databricks.feature_engineering.__all__
        assert not hasattr(databricks.feature_store, "no_such_module")
    assert not hasattr(databricks, "feature_store")
