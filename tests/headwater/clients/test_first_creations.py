"""Two processes that make the same things at the same time: one makes each, the other is given it, and nothing is lost."""

import datetime as dt
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headwater import features, lakehouse
from headwater.features.training_sets.saved import find_saved
from headwater.lakehouse import Settings
from headwater.training.registry.tracking import use_store

ROOT = Path(__file__).parents[3]
BOTH = """
import datetime as dt, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import features, headwater
from headwater.features import AggregationFunction, DeltaTableSource, Feature, FeatureGroup, RollingWindow, Sum
from headwater import FeatureEngineeringClient, FeatureLookup
from headwater.training import promote

me, meeting = sys.argv[1], Path(sys.argv[2])
spark = headwater.session()
client = FeatureEngineeringClient()

def meet(name):
    (meeting / f"{name}.{me}").touch()
    while not all((meeting / f"{name}.{who}").exists() for who in "ab"):
        time.sleep(0.005)

def doubled(x: float) -> float:
    return 2 * x

meet("table")
rows = spark.createDataFrame([(i, float(i)) for i in range(5)], "id long, x double")
client.create_table(name="main.race.t", primary_keys="id", df=rows)
assert client.read_table(name="main.race.t").count() == 5
meet("intervals")
day, first = dt.timedelta(days=1), dt.datetime(2024, 1, 1)
source = DeltaTableSource(catalog_name="main", schema_name="race", table_name="sales")
window = AggregationFunction(Sum("amount"), RollingWindow(window_duration=day))
feature = Feature(source=source, function=window, entity="shop", timeseries_column="at")
start = first + (me == "b") * day
features.materialize(spark, FeatureGroup("main.race.sums", (feature,)), start, start + day)
meet("function")
features.create_function(spark, doubled, f"main.race.doubled_{me}")
meet("spec")
lookup = FeatureLookup(table_name="main.race.t", lookup_key="id")
client.create_feature_spec(name=f"main.race.spec_{me}", features=[lookup])
labels = spark.createDataFrame([(ord(me), 0.0)], "id long, y double")
made = client.create_training_set(df=labels, feature_lookups=[lookup], label="y")
meet("training set")
made.save("main.race.saved", run_id=f"run_{me}")
meet("promotion")
promote("raced", {"a": "1", "b": "2"}[me], reason=me, who=me, table="main.race.promotions", spark=spark)
"""


@pytest.mark.slow
def test_first_creations_in_two_processes_lose_nothing(spark, home, tmp_path):
    store = use_store(Settings(home=Path(home)))
    store.create_registered_model("raced")
    for _ in range(2):
        store.create_model_version("raced", source=Path(home).as_uri())
    sales = [("s", dt.datetime(2024, 1, day, 12), float(day)) for day in (1, 2)]
    lakehouse.create_table(
        spark, "main.race.sales", spark.createDataFrame([], "shop string, at timestamp, amount double").schema
    )
    lakehouse.append(spark.createDataFrame(sales, "shop string, at timestamp, amount double"), "main.race.sales")
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HEADWATER_HOME": home, "HEADWATER_MASTER": "local[1]"}
    options = {"env": env, "cwd": tmp_path, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    script = tmp_path / "both.py"
    script.write_text(BOTH)
    both = [subprocess.Popen([sys.executable, str(script), who, str(tmp_path)], **options) for who in "ab"]
    try:
        for process in both:
            out, _ = process.communicate(timeout=400)
            assert process.returncode == 0, out[-3000:]
        day, first = dt.timedelta(days=1), dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
        assert features.materialized(spark, "main.race.sums") == [(first, first + 2 * day)]
        days = {row["ts"].day for row in lakehouse.read_table(spark, "main.race.sums").collect()}
        assert days >= {1, 2}
        assert lakehouse.read_table(spark, "main.race.t").count() == 5
        assert {f.name.rpartition(".")[2] for f in features.list_functions(spark, "main.race")} == {
            "doubled_a",
            "doubled_b",
        }
        assert lakehouse.read_table(spark, "main.race._feature_specs").count() == 2
        for who in "ab":
            saved = find_saved(spark, "main.race.saved", f"run_{who}")
            rows = lakehouse.read_table(spark, saved.table, version=saved.version).collect()
            assert [row["id"] for row in rows] == [ord(who)]
        log = lakehouse.read_table(spark, "main.race.promotions").orderBy("at").collect()
        assert [row["action"] for row in log] == ["promote", "promote"]
        aliases = {alias: str(version) for alias, version in store.get_registered_model("raced").aliases.items()}
        assert aliases == {"champion": log[1]["version"], "previous_champion": log[0]["version"]}
    finally:
        for process in both:
            process.kill()
            process.communicate()
        spark.sql("DROP SCHEMA main.race CASCADE")


def test_a_creation_that_was_killed_before_its_rows_were_in_is_done_again(spark, schema, home):
    rows = spark.createDataFrame([(1, 2.0)], "id long, x double")
    features.create_feature_table(spark, f"{schema}.t", "id", rows)
    log = Path(home) / "warehouse" / f"{schema.split('.')[1]}.db" / "t" / "_delta_log"
    for file in log.iterdir():  # as it was after the first of its two commits
        if file.is_file() and f"{1:020}" in file.name:
            file.unlink()
    lakehouse.jvm(spark).org.apache.spark.sql.delta.DeltaLog.clearCache()
    assert lakehouse.read_table(spark, f"{schema}.t").count() == 0
    features.create_feature_table(spark, f"{schema}.t", "id", rows)
    assert lakehouse.read_table(spark, f"{schema}.t").count() == 1
    features.create_feature_table(spark, f"{schema}.t", "id", spark.createDataFrame([(5, 5.0)], rows.schema))
    assert [row["id"] for row in lakehouse.read_table(spark, f"{schema}.t").collect()] == [1]
    features.create_feature_table(spark, f"{schema}.empty", "id", schema=rows.schema)
    features.create_feature_table(spark, f"{schema}.empty", "id", rows)
    assert lakehouse.read_table(spark, f"{schema}.empty").count() == 0


def test_first_creations_in_a_session_with_a_catalog_of_its_own_take_turns_too(spark, schema):
    other = spark.newSession()
    other.conf.set("spark.headwater.home", "")  # the session's catalog is its own matter, and no folder of ours
    assert not lakehouse.is_embedded(other)
    schema = schema.replace("main.", "spark_catalog.")
    try:
        rows = [[(10 * who + i, float(who)) for i in range(200)] for who in range(4)]
        frames = [other.createDataFrame(own, "id long, x double") for own in rows]
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(lambda df: features.create_feature_table(other, f"{schema}.t", "id", df), frames))
        assert {one.table_id for one in made} == {made[0].table_id}
        found = {row["x"] for row in other.table(f"{schema}.t").collect()}
        assert len(found) == 1  # of one of them, and all of it
        assert other.table(f"{schema}.t").count() == 200
    finally:
        spark.createDataFrame([(1,)], "a int")  # is the active session again
