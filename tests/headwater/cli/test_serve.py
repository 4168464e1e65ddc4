"""`headwater serve` as a process of its own: asked by the clients that people have, ended in every way."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from types import SimpleNamespace

import numpy as np
import pytest

from headwater import lakehouse


@pytest.fixture(scope="module")
def model(spark):
    """Give a registered model without features: a logistic regression of two numbers."""
    import mlflow
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression

    from headwater.training import use_store

    use_store(lakehouse.settings_of(spark))
    drawn = np.random.default_rng(0)
    frame = pd.DataFrame({"a": drawn.normal(size=200), "b": drawn.normal(size=200)})
    fitted = LogisticRegression().fit(frame, (frame["a"] > 0).astype(int))
    with mlflow.start_run():
        mlflow.sklearn.log_model(
            fitted,
            name="m",
            registered_model_name="main.served.logistic",
            pyfunc_predict_fn="predict_proba",
            signature=infer_signature(frame, fitted.predict_proba(frame)),
            serialization_format="cloudpickle",
        )
    mlflow.MlflowClient().set_registered_model_alias("main.served.logistic", "champion", "1")
    return SimpleNamespace(home=lakehouse.settings_of(spark).home, frame=frame, fitted=fitted)


@contextlib.contextmanager
def server(home, *options, tokens=""):
    """Run `headwater serve` within; gives its address and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "HEADWATER_HOME": str(home), "HEADWATER_SERVING_TOKENS": tokens}
    command = [sys.executable, "-m", "headwater", "serve", "--port", str(port), *options]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(1200):
            if process.poll() is not None:
                pytest.fail(f"headwater serve ended: {process.communicate()[0]}")
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:
                if answer.status == 200:
                    break
            time.sleep(0.1)
        yield SimpleNamespace(url=url, process=process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def logged(home, table="main.served.logistic_payload"):
    import deltalake

    name = lakehouse.TableName.parse(table, catalog="main", schema="default")
    folder = lakehouse.table_folder(lakehouse.Settings(home=home).warehouse, name)
    if not (folder / "_delta_log").is_dir():
        return []
    return deltalake.DeltaTable(folder).to_pyarrow_table().to_pylist()


def test_the_clients_that_people_have_work_unmodified(model, monkeypatch):
    from databricks.sdk import WorkspaceClient
    from mlflow.deployments import get_deploy_client

    rows = model.frame.head(3).to_dict("records")
    wanted = model.fitted.predict_proba(model.frame.head(3)).tolist()
    with server(model.home, "--model", "models:/main.served.logistic@champion", tokens="token-1") as running:
        monkeypatch.setenv("DATABRICKS_HOST", running.url)
        monkeypatch.setenv("DATABRICKS_TOKEN", "token-1")
        answer = WorkspaceClient().serving_endpoints.query(
            "main-served-logistic", dataframe_records=rows, client_request_id="mine"
        )
        assert np.allclose(answer.predictions, wanted)
        assert answer.served_model_name == "main.served.logistic-1"
        described = WorkspaceClient().serving_endpoints.get("main-served-logistic")
        assert described.state.ready.value == "READY"
        assert described.config.served_entities[0].entity_version == "1"
        client = get_deploy_client("databricks")
        split = model.frame.head(3).to_dict("split")
        found = client.predict(endpoint="main-served-logistic", inputs={"dataframe_split": split})
        assert np.allclose(found["predictions"], wanted)
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
    lines = logged(model.home)
    mine = next(line for line in lines if line["client_request_id"] == "mine")
    assert mine["status_code"] == 200
    assert json.loads(mine["request"])["dataframe_records"] == rows
    assert np.allclose(json.loads(mine["response"])["predictions"], wanted)
    assert mine["served_entity_id"] == "main.served.logistic/1"
    assert mine["request_date"] == mine["request_time"].date()


def test_a_server_that_is_told_to_end_answers_meanwhile_and_loses_nothing(model):
    body = json.dumps({"dataframe_records": [{"a": 1.0, "b": 2.0}]}).encode()
    before, codes = len(logged(model.home)), []
    with server(model.home, "--model", "models:/main.served.logistic@champion") as running:
        address = f"{running.url}/serving-endpoints/main-served-logistic/invocations"
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        codes += [urllib.request.urlopen(request, timeout=10).status for _ in range(5)]
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        codes += [urllib.request.urlopen(request, timeout=10).status for _ in range(5)]
        with pytest.raises(urllib.error.HTTPError, match="503"):
            urllib.request.urlopen(f"{running.url}/ready", timeout=5)
        assert urllib.request.urlopen(f"{running.url}/health/live", timeout=5).status == 200
        assert running.process.wait(60) == 0
    assert codes == [200] * 10
    assert len(logged(model.home)) == before + 10


def test_what_a_killed_server_answered_is_in_the_log_of_the_next(model):
    body = json.dumps({"dataframe_records": [{"a": 1.0, "b": 2.0}], "client_request_id": "killed"}).encode()
    options = ("--model", "models:/main.served.logistic@champion")
    with server(model.home, *options) as running:
        address = f"{running.url}/invocations"
        for _ in range(7):
            urllib.request.urlopen(
                urllib.request.Request(address, body, {"Content-Type": "application/json"}), timeout=10
            )
        running.process.kill()
        running.process.wait(60)
    with server(model.home, *options) as running:
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(60) == 0
    assert sum(line["client_request_id"] == "killed" for line in logged(model.home)) == 7


def test_a_server_that_others_can_reach_needs_tokens(model):
    environment = {**os.environ, "HEADWATER_HOME": str(model.home)}
    command = [
        sys.executable,
        "-m",
        "headwater",
        "serve",
        "--model",
        "models:/main.served.logistic/1",
        "--host",
        "0.0.0.0",
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "set HEADWATER_SERVING_TOKENS" in done.stderr
    assert "Traceback" not in done.stderr
