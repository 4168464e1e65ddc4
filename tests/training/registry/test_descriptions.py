"""Descriptions have one line of status, of the last decision, and keep what is below it."""

from __future__ import annotations

import uuid

import mlflow
import pytest

from headwater import training
from headwater.training.registry.descriptions import LIMIT, with_card, with_status
from headwater.training.registry.tracking import use_store


@pytest.fixture
def registered(store):
    """Give the name of a model with two versions, each with a card."""
    client, name = use_store(store), f"main.tests.described_{uuid.uuid4().hex[:6]}"
    client.create_registered_model(name, description="Predicts delays.")
    with mlflow.start_run(experiment_id=client.create_experiment(name)) as run:
        mlflow.log_text("a model", "model/MLmodel")
    for _ in range(2):
        version = client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id).version
        client.update_model_version(name, str(version), f"Card of version {version}")
    return name


def test_each_decision_rewrites_the_status_of_the_versions_and_the_model_and_leaves_their_cards(registered, store):
    client = use_store(store)

    def described(version):
        return client.get_model_version(registered, version).description

    training.promote(registered, "1", reason="It is the first.", who="ada", settings=store)
    training.promote(registered, "2", reason="It is better.", who="ada", settings=store)
    assert described("1").startswith("Replaced as champion by version 2 on ")
    assert described("2").startswith("Champion since ")
    assert "by ada. It is better." in described("2")
    training.rollback(registered, reason="Version 2 fails.", who="grace", settings=store)
    assert described("1").startswith("Champion again since ")
    assert described("2").startswith("Replaced as champion by version 1 on ")
    for version in "12":
        assert described(version).endswith(f"\n\n---\n\nCard of version {version}")
        assert described(version).count("---") == 1
    model = client.get_registered_model(registered).description
    assert model.startswith("Champion: version 1. Last decision on ")
    assert model.endswith("rollback version 1.\n\n---\n\nPredicts delays.")


def test_a_refused_version_says_why_in_whole_sentences(registered, store):
    reason = "Refused: " + " ".join(f"Sentence number {number} says that it is worse." for number in range(40))
    training.refuse(registered, "2", reason=reason, who="ada", settings=store)
    status = use_store(store).get_model_version(registered, "2").description.partition("\n")[0]
    assert status.startswith("Refused on ")
    assert status.endswith("says that it is worse. …")
    assert len(status) < 500


def test_what_people_wrote_into_a_description_stays_also_with_a_rule_of_their_own_and_where_there_is_no_room():
    own = "About delays.\n\n---\n\nMore."
    once = with_status(own, "Refused on Monday.")
    assert once == f"Refused on Monday.\n\n---\n\n{own}"
    assert with_status(once, "Champion since Tuesday.") == f"Champion since Tuesday.\n\n---\n\n{own}"
    ends = "\n\n*Written by each training; what is written below this line stays.*"
    carded = with_card(once, "New.")
    assert carded == f"Refused on Monday.\n\n---\n\nNew.{ends}\n\n{own}"
    assert with_card(f"{carded} Added.", "Newer.") == f"Refused on Monday.\n\n---\n\nNewer.{ends}\n\n{own} Added."
    assert with_card("", "New.") == f"New.{ends}"
    full = "x" * LIMIT
    assert with_status(full, "Champion since Tuesday.") == full
    assert with_card(full, "New.") == full
    assert with_status("", "Champion since Tuesday.") == "Champion since Tuesday."
