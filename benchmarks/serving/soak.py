"""``python -m benchmarks.serving.soak``: an endpoint under load for minutes, while tables are published and champions change."""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.measured import Printed
from benchmarks.serving.contestants import headwater
from benchmarks.serving.load import measure, request_bytes
from headwater import FeatureEngineeringClient, FeatureLookup, lakehouse
from headwater.serving.online.publish import publish_table
from headwater.serving.online.stores import create_online_store

MODEL, TABLE = "main.soak.model", "main.soak.customers"


def main() -> None:
    """Print requests, failures and resident memory each tenth of the time; fails if a request failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.soak", description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default: 10)")
    seconds = parser.parse_args().minutes * 60
    say = Printed(
        "An endpoint under load, while tables are published and champions change", "python -m benchmarks.serving.soak"
    )
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / ".headwater"
        spark = lakehouse.session(lakehouse.Settings(home=home))
        _make(spark)
        ends = threading.Event()
        changing = threading.Thread(target=_change, args=(spark, ends))
        failed = 0
        with headwater(home, f"{MODEL}@champion") as running:
            body = b'{"dataframe_records": [{"customer": 7}]}'
            request = request_bytes(running.port, running.path, body, running.token)
            changing.start()
            for part in range(10):
                found = measure(running.port, request, running.pids, connections=2, seconds=seconds / 10)
                failed += found.failed
                say(
                    f"{(part + 1) * seconds / 600:5.1f} min: {found.rate:,.0f} requests/s, p50 {found.p50:.2f} ms, "
                    f"p99 {found.p99:.2f} ms, {found.failed} failed, {found.memory:.0f} MiB"
                )
        ends.set()
        changing.join()
        spark.stop()
    if seconds >= 600:
        say.keep()
    if failed:
        raise SystemExit(f"{failed} requests failed")


def _make(spark) -> None:
    import mlflow
    from sklearn.linear_model import LinearRegression

    client = FeatureEngineeringClient()
    df = spark.range(1000).selectExpr("id AS customer", "double(id) AS spent", "double(id % 7) AS visits")
    client.create_table(name=TABLE, primary_keys="customer", df=df)
    spark.sql(f"ALTER TABLE {TABLE} SET TBLPROPERTIES (delta.enableChangeDataFeed = true)")
    labels = spark.range(200).selectExpr("id AS customer", "double(2 * id) AS label")
    lookups = [FeatureLookup(table_name=TABLE, lookup_key="customer")]
    training = client.create_training_set(
        df=labels, feature_lookups=lookups, label="label", exclude_columns=["customer"]
    )
    rows = training.load_df().toPandas()
    for slope in (1.0, 2.0):
        model = LinearRegression().fit(rows[["spent", "visits"]], slope * rows["label"])
        with mlflow.start_run():
            client.log_model(
                model=model,
                artifact_path="m",
                flavor=mlflow.sklearn,
                training_set=training,
                registered_model_name=MODEL,
            )
    mlflow.MlflowClient().set_registered_model_alias(MODEL, "champion", "1")
    create_online_store(lakehouse.settings_of(spark), "soak", "CU_1")
    publish_table(spark, "soak", TABLE, f"{TABLE}_online")


def _change(spark, ends: threading.Event) -> None:
    """Change rows and publish them, and let the two versions take turns as champion, until told to end."""
    import mlflow

    client, turn = mlflow.MlflowClient(), 0
    while not ends.wait(5):
        turn += 1
        spark.sql(f"UPDATE {TABLE} SET spent = spent + 1 WHERE customer % 10 = {turn % 10}")
        publish_table(spark, "soak", TABLE, f"{TABLE}_online")
        if turn % 4 == 0:
            client.set_registered_model_alias(MODEL, "champion", str(1 + turn // 4 % 2))
            time.sleep(1)


if __name__ == "__main__":
    main()
