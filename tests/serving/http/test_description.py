"""The server does what its OpenAPI description says: schemathesis asks every route what the description allows, and what not."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.serving.http.client import get, serving

TOKEN = {"Authorization": "Bearer abc"}


@pytest.fixture(scope="module")
def guarded(shop):
    with serving(shop.settings, tokens="abc", only=(shop.endpoint, shop.spec), default=shop.endpoint) as running:
        yield running


def test_no_request_makes_the_server_fail_and_answers_are_as_described(guarded, tmp_path):
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{guarded.url}/openapi.json"]
    command += ["--header", f"Authorization: {TOKEN['Authorization']}", "--seed", "1", "--max-examples", "20"]
    # Not positive_data_acceptance: no schema says how many values a row has, or which of them a model refuses.
    command += ["--phases", "coverage,fuzzing", "--exclude-checks", "positive_data_acceptance"]
    told = subprocess.run(
        command,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Tested: 14" in told.stdout


def test_every_route_and_every_column_is_described(shop, guarded):
    described = json.loads(get(f"{guarded.url}/openapi.json", TOKEN)[1])
    routes = {route.path for route in guarded.app.asgi().routes} - {"/serving-endpoints/{name}/invocations"}
    asked = {name: f"/serving-endpoints/{name}/invocations" for name in (shop.endpoint, shop.spec)}
    assert set(described["paths"]) == routes | set(asked.values())
    assert described["security"] == [{"token": []}]
    query = described["paths"][asked[shop.spec]]["post"]
    content = query["requestBody"]["content"]
    assert set(content) == {"application/json", "text/csv", "application/vnd.apache.parquet"}
    row = content["application/json"]["schema"]["properties"]["dataframe_records"]["items"]
    assert row["required"] == ["amount", "customer"]
    assert row["properties"]["customer"]["maximum"] == 2**63 - 1
    answer = query["responses"]["200"]["content"]["application/json"]["schema"]["properties"]["outputs"]["items"]
    assert answer["required"] == ["customer", "at", "amount", "spent", "visits", "city", "ratio"]


def test_an_endpoint_has_a_description_of_its_own_and_an_absent_one_has_none(shop, guarded):
    api = f"{guarded.url}/api/2.0/serving-endpoints"
    own = json.loads(get(f"{api}/{shop.spec}/openapi", TOKEN)[1])["paths"]
    assert f"/serving-endpoints/{shop.spec}/invocations" in own
    assert f"/serving-endpoints/{shop.endpoint}/invocations" not in own
    for path in ("absent", "absent/openapi", "absent/metrics"):
        status, text = get(f"{api}/{path}", TOKEN)
        assert (status, json.loads(text)["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
