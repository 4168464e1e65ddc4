"""On a Databricks runtime the clients are Databricks' own; the runtime is simulated, and nothing of theirs is called."""

import sys
import types

import pytest

import headwater


class Theirs:
    """Stand where the runtime's own package has its client."""

    def __init__(self, **given):
        self.given = given


@pytest.fixture
def runtime(monkeypatch):
    monkeypatch.setenv("DATABRICKS_RUNTIME_VERSION", "17.3")
    package = types.ModuleType("databricks")
    package.__path__ = []
    monkeypatch.setitem(sys.modules, "databricks", package)
    for name in ("feature_engineering", "feature_store"):
        module = types.ModuleType(f"databricks.{name}")
        module.FeatureEngineeringClient = module.FeatureStoreClient = module.UpgradeClient = Theirs
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(package, name, module, raising=False)


@pytest.mark.parametrize(
    ("client", "given"),
    [
        ("FeatureEngineeringClient", {"model_registry_uri": "databricks-uc"}),
        ("FeatureStoreClient", {"feature_store_uri": "databricks://a:b", "model_registry_uri": None}),
        ("UpgradeClient", {"feature_store_uri": None, "model_registry_uri": None}),
    ],
)
def test_a_client_hands_over_on_a_databricks_runtime_with_its_arguments(runtime, client, given):
    made = getattr(headwater, client)(**given)
    assert type(made) is Theirs
    assert made.given == given


def test_elsewhere_the_clients_are_ours(spark):
    assert type(headwater.FeatureStoreClient()) is headwater.FeatureStoreClient
    assert type(headwater.FeatureEngineeringClient()) is headwater.FeatureEngineeringClient
