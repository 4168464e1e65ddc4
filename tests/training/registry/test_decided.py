"""What a training that was killed after its decision left behind is found again, and completed once."""

from __future__ import annotations

import uuid

import mlflow
import pandas as pd
import pytest

from headwater.training import complete_training, decided_training, promote, refuse
from headwater.training.registry.decided import log_predictions
from headwater.training.registry.tracking import use_store

PREDICTIONS = pd.DataFrame({"id": [1, 2], "probability": [0.25, 0.5]})


@pytest.fixture
def model(store):
    client = use_store(store)
    name = f"main.tests.o'hare_{uuid.uuid4().hex[:6]}"
    client.create_registered_model(name)
    client.create_model_version(name, source=store.artifacts.as_uri())
    return name


def killed(store, model, key, version="1"):
    """Leave a run as a training leaves it that is killed when it has logged what it will decide."""
    mlflow.set_experiment("decided")
    with mlflow.start_run(tags={"headwater.model_name": model, "headwater.training": key, "of the plan": "x"}) as run:
        log_predictions(PREDICTIONS)
        if version:
            mlflow.set_tag("headwater.version", version)
    use_store(store).update_run(run.info.run_id, status="RUNNING")
    return run.info.run_id


@pytest.mark.parametrize("decide", [promote, refuse])
def test_a_decision_that_was_taken_is_given_until_its_training_is_completed(store, model, decide):
    run_id = killed(store, model, "January")
    assert decided_training(model, "decided", "January", settings=store) is None  # nothing was decided yet
    decide(model, "1", reason="because", settings=store)
    found = decided_training(model, "decided", "January", settings=store)
    assert (found.run_id, found.version, found.reason) == (run_id, "1", "because")
    assert (found.promoted, found.champion) == (decide is promote, decide is promote)
    assert found.tags["of the plan"] == "x"
    pd.testing.assert_frame_equal(found.predictions, PREDICTIONS)
    assert decided_training(model, "decided", "February", settings=store) is None
    complete_training(run_id, settings=store)
    assert use_store(store).get_run(run_id).info.status == "FINISHED"
    assert decided_training(model, "decided", "January", settings=store) is None


def test_only_the_newest_training_of_a_key_counts_and_a_new_experiment_has_none(store, model):
    killed(store, model, "January")
    promote(model, "1", reason="because", settings=store)
    killed(store, model, "January", version="")
    assert decided_training(model, "decided", "January", settings=store) is None
    assert decided_training(model, "no such experiment", "January", settings=store) is None
