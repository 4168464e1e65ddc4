import datetime as dt
import uuid

import pytest

from headwater import lakehouse
from headwater.training import ModelVersionError, challenge, champion, promote, refuse, rollback
from headwater.training.registry.tracking import use_store


@pytest.fixture
def model(store):
    """Give the name of a registered model with three versions; versions need no artefacts for their aliases."""
    client = use_store(store)
    name = f"main.tests.m_{uuid.uuid4().hex[:6]}"
    client.create_registered_model(name)
    for _ in range(3):
        client.create_model_version(name, source=store.artifacts.as_uri())
    return name


def aliases(store, name):
    return {alias: str(version) for alias, version in use_store(store).get_registered_model(name).aliases.items()}


def test_on_the_first_day_there_is_no_champion(store, model):
    assert champion("main.tests.never_registered", settings=store) is None
    assert champion(model, settings=store) is None


def test_promotions_move_the_aliases_and_write_down_why(store, model):
    challenge(model, "1", settings=store)
    promote(model, "1", reason="first", who="tests", settings=store)
    assert aliases(store, model) == {"champion": "1"}
    challenge(model, "2", settings=store)
    assert aliases(store, model) == {"champion": "1", "challenger": "2"}
    promote(model, "2", reason="better by 0.02", who="tests", settings=store)
    assert aliases(store, model) == {"champion": "2", "previous_champion": "1"}
    found = champion(model, settings=store)
    assert found.tags["headwater.reason"] == "better by 0.02"
    assert found.description.startswith("Champion since ")
    assert found.description.endswith("better by 0.02")
    assert found.tags["headwater.by"] == "tests"
    assert dt.datetime.fromisoformat(found.tags["headwater.at"]).tzinfo is not None


def test_promoting_the_champion_again_changes_no_alias(store, model):
    promote(model, "1", reason="first", settings=store)
    promote(model, "2", reason="second", settings=store)
    before = aliases(store, model)
    promote(model, "2", reason="again", settings=store)
    assert aliases(store, model) == before
    rollback(model, reason="back", settings=store)
    assert aliases(store, model) == {"champion": "1"}


def test_rollbacks_go_back_one_by_one_and_say_when_there_is_nothing_left(store, model):
    for version in "123":
        promote(model, version, reason="next", settings=store)
    assert rollback(model, reason="bad scores", settings=store).champion == "2"
    assert aliases(store, model) == {"champion": "2", "previous_champion": "1"}
    rollback(model, reason="bad scores", settings=store)
    assert aliases(store, model) == {"champion": "1"}
    with pytest.raises(ModelVersionError, match=r"has no alias previous_champion. It has 1, 2, 3"):
        rollback(model, reason="bad scores", settings=store)


def test_an_unknown_version_is_refused_before_anything_moves(store, model):
    for verb in (promote, refuse):
        with pytest.raises(ModelVersionError, match=r"has no version 9. It has 1, 2, 3"):
            verb(model, "9", reason="x", settings=store)
    assert aliases(store, model) == {}


def test_the_promotion_log_is_a_delta_table(store, model, spark, schema):
    table = f"{schema}.promotions"
    promote(model, "1", reason="first", who="a", table=table, spark=spark, settings=store)
    refuse(model, "2", reason="no better", who="b", table=table, spark=spark, settings=store)
    promote(model, "3", reason="better", who="c", table=table, settings=store)
    entry = rollback(model, reason="alert", who="d", table=table, spark=spark, settings=store)
    rows = lakehouse.read_table(spark, table).orderBy("at").collect()
    assert [(r.action, r.version, r.champion, r.previous, r.reason, r.who) for r in rows] == [
        ("promote", "1", "1", "", "first", "a"),
        ("refuse", "2", "1", "1", "no better", "b"),
        ("promote", "3", "3", "1", "better", "c"),
        ("rollback", "1", "1", "3", "alert", "d"),
    ]
    # Read as SQL does: the session is in UTC, whatever this process's zone is.
    newest = lakehouse.read_table(spark, table).selectExpr("CAST(max(at) AS STRING) AS at").collect()[0].at
    assert dt.datetime.fromisoformat(newest) == entry.at


def test_a_quote_in_a_models_name_is_a_character_like_others(store):
    client = use_store(store)
    name = f"main.tests.o'hare_{uuid.uuid4().hex[:6]}"
    client.create_registered_model(name)
    client.create_model_version(name, source=store.artifacts.as_uri())
    assert promote(name, "1", reason="first", settings=store).champion == "1"
    with pytest.raises(ModelVersionError, match=r"has no version 2\. It has 1"):
        promote(name, "2", reason="none", settings=store)
