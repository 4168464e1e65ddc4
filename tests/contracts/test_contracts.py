"""Where packages that do not know each other meet: one test per meeting place."""

import importlib
import inspect

from examples.flights.project import project
from headwater import FeatureEngineeringClient
from headwater.monitoring import default_rules
from headwater.monitoring.tables.schemas import drift_schema, profile_schema
from headwater.training.registry.packaging import LOADER


def test_training_names_a_loader_that_serving_has():
    module = importlib.import_module(LOADER)
    assert callable(module._load_pyfunc)


def test_the_monitor_watches_the_columns_that_scoring_writes():
    kind = project.monitor.kind
    assert (kind.prediction_col, kind.prediction_proba_col, kind.model_id_col) == (
        "prediction",
        "prediction_proba",
        "model_version",
    )
    assert (kind.timestamp_col, kind.label_col) == (project.time_column, project.label)


def test_the_rules_that_ask_for_a_retraining_read_columns_that_the_monitor_writes(spark):
    del spark  # reads the schemas
    columns = {f.name for f in drift_schema("model_version")} | {f.name for f in profile_schema("model_version")}
    assert {rule.metric.split(".")[0] for rule in default_rules()} <= columns


def test_the_client_takes_keywords_only():
    for name, method in inspect.getmembers(FeatureEngineeringClient, inspect.isfunction):
        if not name.startswith("_") and name not in ("build_model_env", "drop_online_table"):
            kinds = {p.kind for p in list(inspect.signature(method).parameters.values())[1:]}
            assert kinds <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}, name
