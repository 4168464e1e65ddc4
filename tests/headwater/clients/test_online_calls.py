from __future__ import annotations

import uuid

import pytest

from headwater import FeatureEngineeringClient, FeatureLookup, FeatureStoreClient, lakehouse
from headwater.clients.entities import AutoCaptureConfig, EndpointCoreConfig, ServedEntity
from headwater.lakehouse import HeadwaterError, InvalidInputError
from headwater.serving.online.stores import open_online_store
from tests.headwater.clients.rules.rule import rule


@pytest.fixture
def client(spark):
    return FeatureEngineeringClient()


@pytest.fixture
def store(client):
    made = client.create_online_store(name=f"s-{uuid.uuid4().hex[:8]}", capacity="CU_2")
    yield made
    client.delete_online_store(name=made.name)


def test_online_stores_are_made_changed_listed_and_removed(client):
    name = f"s-{uuid.uuid4().hex[:8]}"
    assert client.get_online_store(name=name) is None
    made = client.create_online_store(name=name, capacity="CU_1", read_replica_count=1)
    assert (made.name, made.capacity, made.read_replica_count, made.state) == (name, "CU_1", 1, "AVAILABLE")
    assert client.get_online_store(name=name) == made
    assert made in client.list_online_stores()
    changed = client.update_online_store(name=name, capacity="CU_4")
    assert (changed.capacity, changed.read_replica_count) == ("CU_4", 1)
    with pytest.raises(InvalidInputError, match="exists already"):
        client.create_online_store(name=name, capacity="CU_1")
    client.delete_online_store(name=name)
    assert client.get_online_store(name=name) is None
    with pytest.raises(InvalidInputError, match="There is no online store"):
        client.delete_online_store(name=name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "Upper", "capacity": "CU_1"}, "lower-case"),
        ({"name": "a" * 64, "capacity": "CU_1"}, "63"),
        ({"name": "../x", "capacity": "CU_1"}, "not an online store's name"),
        ({"name": None, "capacity": "CU_1"}, "not an online store's name"),
        ({"name": "a", "capacity": "CU_3"}, "capacity='CU_3' is unknown"),
        ({"name": "a", "capacity": "CU_1", "read_replica_count": 4}, "read_replica_count=4"),
    ],
)
def test_a_store_that_cannot_be_is_refused(client, arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        client.create_online_store(**arguments)


@rule(32, "the newest row of each key is published, followed and dropped; stores are made, changed and listed")
def test_a_table_is_published_followed_and_dropped(client, store, spark, schema):
    table, online = f"{schema}.t", f"{schema}.t_online"
    frame = spark.createDataFrame([(1, 1.0), (2, 2.0)], "id bigint, x double")
    client.create_table(name=table, primary_keys="id", df=frame)
    spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES (delta.enableChangeDataFeed = true)")
    names = {"online_store": store, "source_table_name": table, "online_table_name": online}
    published = client.publish_table(**names, streaming=True, trigger={"processingTime": "1 second"})
    try:
        published.wait(timeout=60)
        assert published.get_status()["state"] == "ONLINE"
        assert client.get_table(name=table).online_stores == (store.name,)
        client.write_table(name=table, df=spark.createDataFrame([(2, 5.0), (3, 3.0)], "id bigint, x double"))
        spark.sql(f"DELETE FROM {table} WHERE id = 1")
        published.wait(timeout=120)
        found = open_online_store(lakehouse.settings_of(spark), store.name).read(online, [1, 2, 3])
        assert [row is None for row in found.rows] == [True, False, False]
        assert found.table.version == lakehouse.table_version(spark, table)
        with pytest.raises(HeadwaterError, match="not yet at 999"):
            published.wait(min_commit_version=999, timeout=0.2)
    finally:
        client.drop_online_table(online, store)
    assert published.get_status()["state"] == "NOT_PUBLISHED"
    assert client.get_table(name=table).online_stores == ()


@pytest.mark.parametrize(
    ("option", "value"),
    [("filter_condition", "x > 1"), ("features", ["x"]), ("mode", "overwrite"), ("checkpoint_location", "/tmp/x")],
)
def test_options_of_other_stores_are_refused(client, store, option, value):
    names = {"online_store": store, "source_table_name": "a.b", "online_table_name": "a.c"}
    with pytest.raises(InvalidInputError, match=f"takes no {option}"):
        client.publish_table(**names, **{option: value})


@rule(33, "an endpoint serves one feature spec; made twice it is refused, and what is missing is said")
def test_the_older_client_publishes_and_serves_too(client, store, spark, schema):
    older, table = FeatureStoreClient(), f"{schema}.t"
    older.create_table(table, ["id"], spark.createDataFrame([(1, 1.0)], "id bigint, x double"))
    older.publish_table(table, store)
    assert open_online_store(lakehouse.settings_of(spark), store.name).table(table).features == (("x", "double"),)
    client.create_feature_spec(name=f"{schema}.spec", features=[FeatureLookup(table_name=table, lookup_key="id")])
    name = f"e-{uuid.uuid4().hex[:8]}"
    config = EndpointCoreConfig(
        served_entities=ServedEntity(feature_spec_name=f"{schema}.spec"),
        auto_capture_config=AutoCaptureConfig(
            catalog_name="main", schema_name=schema.split(".")[1], table_name_prefix="log"
        ),
    )
    made = older.create_feature_serving_endpoint(name=name, config=config)
    assert older.get_feature_serving_endpoint(name=name) == made
    with pytest.raises(InvalidInputError, match="exists already"):
        client.create_feature_serving_endpoint(name=name, config=config)
    older.delete_feature_serving_endpoint(name=name)
    with pytest.raises(HeadwaterError, match="There is no endpoint"):
        client.get_feature_serving_endpoint(name=name)
    absent = EndpointCoreConfig(served_entities=ServedEntity(feature_spec_name=f"{schema}.absent"))
    with pytest.raises(InvalidInputError, match="There is no feature spec"):
        client.create_feature_serving_endpoint(name=name, config=absent)
    older.drop_online_table(table, store)


def test_one_entity_is_served():
    entity = ServedEntity(feature_spec_name="a.b.c")
    assert EndpointCoreConfig([entity]).entity == EndpointCoreConfig(served_entities=entity).entity == entity
    with pytest.raises(InvalidInputError, match="one ServedEntity"):
        EndpointCoreConfig(served_entities=[entity, entity])
