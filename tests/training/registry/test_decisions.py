"""A change of champion that is cut short at any of its steps, and run again."""

from __future__ import annotations

import uuid

import pytest
from mlflow import MlflowClient

from headwater import lakehouse
from headwater.training import champion, finish_decision, promote, refuse, rollback
from headwater.training.registry import decisions
from headwater.training.registry.tracking import use_store


class CutShortError(BaseException):
    """Stands for the end of the process: nothing catches it."""


@pytest.fixture
def model(store):
    """Give the name of a registered model with three versions, of which the second replaced the first as champion."""
    client = use_store(store)
    name = f"main.tests.d_{uuid.uuid4().hex[:6]}"
    client.create_registered_model(name)
    for _ in range(3):
        client.create_model_version(name, source=store.artifacts.as_uri())
    promote(name, "1", reason="first", settings=store)
    promote(name, "2", reason="second", settings=store)
    return name


def cut_short(monkeypatch, owner, name):
    """End everything right after the next call of a function that is there, which is done."""
    real = getattr(owner, name)

    def call(*args, **kwargs):
        real(*args, **kwargs)
        monkeypatch.undo()
        raise CutShortError

    monkeypatch.setattr(owner, name, call)


def state(store, name):
    """Give aliases, tags of the model, and what each version's tags say of its last change, but when."""
    client = use_store(store)
    found = client.get_registered_model(name)
    versions = client.search_model_versions(f"name = '{name}'")
    tags = {v.version: {k: t for k, t in v.tags.items() if k != "headwater.at"} for v in versions}
    return dict(found.aliases), dict(found.tags), tags


STEPS = [
    (MlflowClient, "set_registered_model_tag"),
    (MlflowClient, "set_registered_model_alias"),
    (decisions, "_note"),
]


CUTS = [
    (action, step)
    for action in ("promote", "rollback", "refuse")
    for step in STEPS
    if (action, step[1]) != ("refuse", "set_registered_model_alias")  # a refusal sets none
]


@pytest.mark.parametrize(("action", "step"), CUTS, ids=lambda one: one if isinstance(one, str) else one[1])
def test_a_change_that_was_cut_short_is_completed_when_it_is_run_again_and_not_made_twice(
    store, model, monkeypatch, action, step
):
    change = {
        "promote": lambda: promote(model, "3", reason="third", who="t", settings=store),
        "refuse": lambda: refuse(model, "3", reason="no better", who="t", settings=store),
        "rollback": lambda: rollback(model, reason="bad", who="t", settings=store),
    }[action]
    cut_short(monkeypatch, *step)
    with pytest.raises(CutShortError):
        change()
    change()
    expected = {
        "promote": {"champion": "3", "previous_champion": "2"},
        "refuse": {"champion": "2", "previous_champion": "1"},
        "rollback": {"champion": "1"},
    }[action]
    aliases, tags, versions = state(store, model)
    assert {alias: str(version) for alias, version in aliases.items()} == expected
    assert tags == {}
    about = versions[1 if action == "rollback" else 3]
    assert about["headwater.action"] == action
    assert about.get("headwater.replaced", "") == {"promote": "2"}.get(action, "")


def test_the_logs_row_of_a_change_that_was_cut_short_is_there_once(store, model, monkeypatch, spark, schema):
    table = f"{schema}.promotions"
    cut_short(monkeypatch, decisions, "_write")
    with pytest.raises(CutShortError):
        promote(model, "3", reason="third", table=table, spark=spark, settings=store)
    assert champion(model, settings=store).version == 2
    # Whoever changes something next completes it first, here in the name of another action.
    refuse(model, "1", reason="too old", table=table, spark=spark, settings=store)
    rows = lakehouse.read_table(spark, table).orderBy("at").collect()
    assert [(row.action, row.version, row.champion, row.previous) for row in rows] == [
        ("promote", "3", "3", "2"),
        ("refuse", "1", "3", "3"),
    ]


def test_a_change_that_was_cut_short_and_whose_version_is_deleted_is_let_go_of(store, model, monkeypatch, caplog):
    cut_short(monkeypatch, MlflowClient, "set_registered_model_tag")
    with pytest.raises(CutShortError):
        promote(model, "3", reason="third", settings=store)
    use_store(store).delete_model_version(model, "3")
    assert finish_decision(model, settings=store) is None
    assert f"promote version 3 of {model}" in caplog.text
    assert promote(model, "1", reason="back", settings=store).champion == "1"
