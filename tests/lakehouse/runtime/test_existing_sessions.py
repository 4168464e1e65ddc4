"""Sessions that Headwater did not make: the user's own, and a Spark Connect server's."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyspark
import pytest

from headwater import lakehouse

ROOT = Path(__file__).parents[3]

# Feature tables, a training set, a model with its features and a batch score, on a session that is there before.
PIPELINE = """
import datetime as dt
import warnings

warnings.simplefilter("ignore")
import mlflow
import mlflow.sklearn
from pyspark.sql import SparkSession
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from headwater import lakehouse
from headwater import FeatureEngineeringClient, FeatureLookup, session

spark = SparkSession.builder.getOrCreate()
spark.sql("CREATE SCHEMA IF NOT EXISTS ml")
mlflow.set_tracking_uri("sqlite:///mlflow.db")
client = FeatureEngineeringClient()
assert session() is spark
assert not lakehouse.is_embedded(spark)
assert lakehouse.is_connect(spark) is IS_CONNECT
day = lambda n: dt.datetime(2024, 1, n)
columns = "id long, ts timestamp, x double"
rows = spark.createDataFrame([(1, day(1), 1.0), (1, day(3), 3.0), (2, day(2), 5.0)], columns)
client.create_table(name="ml.customers", primary_keys=["id", "ts"], timeseries_column="ts", df=rows)
more = spark.createDataFrame([(2, day(2), 6.0, "new")], columns + ", y string")
client.write_table(name="ml.customers", df=more)
table = client.get_table(name="ml.customers")
assert (table.name, table.features) == ("spark_catalog.ml.customers", ("x", "y"))
spine = spark.createDataFrame([(1, day(2), 0), (2, day(4), 1), (3, day(4), 1)], "id long, at timestamp, late int")
lookup = FeatureLookup("ml.customers", "id", feature_names="x", timestamp_lookup_key="at")
training_set = client.create_training_set(df=spine, feature_lookups=[lookup], label="late", exclude_columns=["id", "at"])
assert training_set.explain().startswith("spark: the session is not an embedded one")
frame = training_set.load_df().toPandas().sort_values("x")
assert frame["x"].tolist()[:2] == [1.0, 6.0] and frame["x"].isna().sum() == 1
model = make_pipeline(SimpleImputer(), RandomForestClassifier(3, random_state=0)).fit(frame[["x"]], frame["late"])
with mlflow.start_run():
    client.log_model(model=model, artifact_path="model", flavor=mlflow.sklearn, training_set=training_set,
                     registered_model_name="late", pip_requirements=["scikit-learn"])
scores = client.score_batch(model_uri="models:/late/1", df=spine.drop("late"), result_type="int").toPandas()
assert scores.columns.tolist() == ["id", "at", "x", "prediction"]
assert scores.sort_values("id")["prediction"].tolist() == model.predict(scores.sort_values("id")[["x"]]).tolist()
lakehouse.optimize(spark, "ml.customers", zorder_by=["ts"])
client.drop_table(name="ml.customers")
print("done")
"""


CONFIGURATION = {
    "spark.driver.extraClassPath": os.pathsep.join(map(str, lakehouse.ensure_jars())),
    "spark.driver.host": "127.0.0.1",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.shuffle.partitions": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
}


@contextlib.contextmanager
def _process(command, folder, **environment):
    """Run a program in a folder until the end of the context; what it says goes to a file there."""
    said = folder / f"{Path(command[0]).name}.txt"
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("HEADWATER_", "MLFLOW_"))}
    env = {**outside, "PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable, **environment}
    with said.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder, env=env, start_new_session=True)
    try:
        yield process, said
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)


@contextlib.contextmanager
def _server(folder):
    """Start a server of Spark Connect and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    conf = {**CONFIGURATION, "spark.connect.grpc.binding.address": "127.0.0.1", "spark.connect.grpc.binding.port": port}
    given = [f"--conf={key}={value}" for key, value in conf.items()]
    submit = str(Path(pyspark.__file__).parent / "bin" / "spark-submit")
    service = ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    with _process([submit, "--master", "local[2]", *given, *service], folder) as (server, said):
        deadline = time.monotonic() + 120
        while server.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.2)
        else:
            pytest.fail(f"The server did not start: {said.read_text()[-2000:]}")
        yield f"sc://127.0.0.1:{port}"


def _runs_through(folder, *, connect, **environment):
    command = [sys.executable, "-c", PIPELINE.replace("IS_CONNECT", str(connect))]
    with _process(command, folder, **environment) as (client, said):
        code = client.wait(timeout=300)
    assert code == 0, said.read_text()[-3000:]
    assert said.read_text().strip().endswith("done")


@pytest.mark.slow
def test_the_whole_way_goes_on_a_session_of_the_users_own(tmp_path):
    given = " ".join(f"--conf {key}={value}" for key, value in CONFIGURATION.items())
    _runs_through(tmp_path, connect=False, PYSPARK_SUBMIT_ARGS=f"--master local[2] {given} pyspark-shell")


@pytest.mark.slow
def test_the_whole_way_goes_on_a_server_of_spark_connect(tmp_path):
    (tmp_path / "client").mkdir()
    with _server(tmp_path) as address:
        _runs_through(tmp_path / "client", connect=True, SPARK_REMOTE=address)
