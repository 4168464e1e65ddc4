"""A real server, asked by real clients."""

from __future__ import annotations

import json
import threading
import time

import pytest

from headwater import lakehouse
from headwater.serving.http.app import Limits
from headwater.serving.online.publish import publish_table
from tests.serving.http.client import get, post, serving


def test_predictions_are_those_of_score_batch(shop, server):
    score = shop.client.score_batch(model_uri=f"models:/{shop.model}/1", df=shop.spine.drop("label"))
    wanted = {row["customer"]: row["prediction"] for row in score.collect()}
    rows = [{"customer": c, "amount": float(c)} for c in wanted]
    address = f"{server.url}/serving-endpoints/{shop.endpoint}/invocations"
    columns = ["customer", "amount", "beside"]
    bodies = [
        {"dataframe_records": rows},
        {"dataframe_split": {"columns": columns, "data": [[r["customer"], r["amount"], "ignored"] for r in rows]}},
        {"instances": rows},
        {"inputs": {"customer": list(wanted), "amount": [float(c) for c in wanted]}},
    ]
    for body in bodies:
        status, headers, answer = post(address, body)
        assert status == 200
        assert answer["predictions"] == pytest.approx(list(wanted.values()))
        assert headers["served-model-name"] == f"{shop.model}-1"
    assert post(f"{server.url}/invocations", bodies[0])[2]["predictions"] == pytest.approx(list(wanted.values()))


def test_a_feature_spec_answers_with_values_overridden_defaulted_and_computed(shop, server):
    rows = [
        {"customer": 3, "amount": 5.0},
        {"customer": 3, "amount": 5.0, "spent": 9.0, "city": None},
        {"customer": 50, "amount": 1.0},
        {"customer": 999, "amount": 1.0},
        {"customer": None, "amount": None},
    ]
    status, _, answer = post(
        f"{server.url}/serving-endpoints/{shop.spec}/invocations", {"dataframe_records": rows, "explain": True}
    )
    assert status == 200
    first, second, third, fourth, fifth = answer["outputs"]
    assert first == {"customer": 3, "at": None, "amount": 5.0, "spent": 32.0, "visits": 2, "city": "b", "ratio": 5 / 33}
    assert (second["spent"], second["city"], second["visits"], second["ratio"]) == (9.0, None, 2, 0.5)
    for row in (third, fourth, fifth):
        assert (row["spent"], row["visits"], row["city"], row["ratio"]) == (None, -1, None, None)
    said = [{name: one["status"] for name, one in row.items()} for row in answer["features"]]
    assert said[0] == {"spent": "found", "visits": "found", "city": "found", "ratio": "computed"}
    assert said[1] == {"spent": "overridden", "visits": "found", "city": "overridden", "ratio": "computed"}
    assert said[2] == {"spent": "null", "visits": "default", "city": "null", "ratio": "computed"}
    assert said[3] == {"spent": "missing", "visits": "default", "city": "missing", "ratio": "computed"}
    assert answer["features"][0]["spent"]["table"] == f"{shop.schema}.customers"
    assert answer["features"][0]["spent"]["age_seconds"] > 0


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "The body is empty"),
        (b"no json", 400, "The body is not JSON"),
        (b'{"dataframe_records": [{"customer": NaN}]}', 400, "NaN and Infinity are no JSON"),
        (b"[" * 100_000, 400, "The body is not JSON"),
        (b"[]", 400, "must be a JSON object"),
        (b"\xff\xfe", 400, "The body is not JSON"),
        ({}, 400, "exactly one of"),
        ({"dataframe_record": []}, 400, "Did you mean 'dataframe_records'"),
        ({"inputs": [], "instances": []}, 400, "found 2"),
        ({"dataframe_records": [1]}, 400, "every row must be an object"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, 400, "a list of 1 values"),
        ({"instances": [[1, 2]]}, 400, "send rows as objects"),
        ({"dataframe_records": [{"amount": 1.0}]}, 400, "Row 0, column 'customer': it is missing"),
        (
            {"dataframe_records": [{"customer": 1, "amount": 1.0}, {"customer": "secret-7", "amount": 1}]},
            400,
            "Row 1, column 'customer'",
        ),
        ({"dataframe_records": [{"customer": 2**63, "amount": 1.0}]}, 400, "beyond the range of bigint"),
        ({"dataframe_records": [{"customer": 1.5, "amount": 1.0}]}, 400, "found a number, not bigint"),
        ({"dataframe_records": [{"customer": 1, "amount": "1"}]}, 400, "found a text, not double"),
        (b'{"dataframe_records": [{"customer": 1, "amount": 1' + b"0" * 400 + b"}]}", 400, "amount"),
        ({"dataframe_records": [{"customer": 1, "amount": 1.0}], "params": 3}, 400, "params must be an object"),
        (
            {"dataframe_records": [{"customer": 1, "amount": 1.0}], "explain": "yes"},
            400,
            "explain must be true or false",
        ),
        ({"dataframe_records": [{"customer": 1, "amount": -1e308, "spent": -1e308}]}, 200, ""),
        ({"dataframe_records": [{"customer": 1, "amount": 1.0, "spent": -1.0}]}, 400, "failed (ZeroDivisionError)"),
        ({"dataframe_records": [{"customer": 50, "amount": 1.0}]}, 400, "The model failed for these rows (ValueError)"),
        ({"dataframe_records": []}, 200, ""),
        ({"dataframe_records": [{"customer": 1, "amount": 1.0}] * 10_001}, 413, "10,001 rows"),
    ],
    ids=str,
)
def test_bad_requests_get_one_sentence_without_their_data(shop, server, body, status, message):
    found, _, answer = post(f"{server.url}/serving-endpoints/{shop.endpoint}/invocations", body)
    assert found == status
    if status == 200:
        assert "predictions" in answer
    else:
        assert set(answer) == {"error_code", "message"}
        assert message in answer["message"]
        assert "secret-7" not in answer["message"]
        assert "Traceback" not in answer["message"]
    good = {"dataframe_records": [{"customer": 1, "amount": 1.0}]}
    assert post(f"{server.url}/serving-endpoints/{shop.endpoint}/invocations", good)[0] == 200


def test_addresses_that_are_not_there_and_other_media_types(shop, server):
    body = {"dataframe_records": [{"customer": 1, "amount": 1.0}]}
    status, _, answer = post(f"{server.url}/serving-endpoints/absent/invocations", body)
    assert (status, answer["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert post(f"{server.url}/nowhere", body)[0] == 404
    assert get(f"{server.url}/invocations")[0] == 405
    assert post(f"{server.url}/invocations", b"<a/>", {"Content-Type": "application/xml"})[0] == 415
    for path in ("/ping", "/health", "/health/live", "/ready", "/version", "/metrics", "/openapi.json"):
        assert get(server.url + path)[0] == 200, path
    described = json.loads(get(f"{server.url}/api/2.0/serving-endpoints/{shop.endpoint}")[1])
    assert described["state"] == {"ready": "READY", "config_update": "NOT_UPDATING"}
    assert described["config"]["served_entities"][0]["entity_version"] == "1"
    metrics = get(f"{server.url}/api/2.0/serving-endpoints/{shop.endpoint}/metrics")[1]
    assert f'request_latency_ms_count{{endpoint="{shop.endpoint}"}}' in metrics
    assert f'request_4xx_count_total{{endpoint="{shop.endpoint}"}}' in metrics


def test_an_endpoint_whose_model_does_not_load_says_503_without_its_reason_and_a_shadow_is_logged(shop):
    from headwater.serving.http.endpoints import Endpoint, create_endpoint, delete_endpoint

    model, table = f"models:/{shop.model}/1", f"{shop.schema}.shadowed"
    create_endpoint(shop.settings, Endpoint("broken", model="models:/main.nowhere.m/7"))
    create_endpoint(shop.settings, Endpoint("shadowed", model=model, shadow=model[:-1] + "2", payload_table=table))
    body = {"dataframe_records": [{"customer": 3, "amount": 1.0}]}
    try:
        with serving(shop.settings, only=("broken", "shadowed"), default="broken") as server:
            status, _, answer = post(f"{server.url}/invocations", body)
            assert (status, answer["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
            assert "nowhere" not in answer["message"]
            assert "main.nowhere.m" in get(f"{server.url}/api/2.0/serving-endpoints/broken")[1]
            assert get(f"{server.url}/ready")[0] == 503
            for _ in range(3):
                assert post(f"{server.url}/serving-endpoints/shadowed/invocations", body)[0] == 200
            assert 'feature_lookback_ignored{endpoint="shadowed"} 0.0' in get(f"{server.url}/metrics")[1]
            _until(lambda: server.app._shadows._value == server.app.limits.concurrency)
    finally:
        for name in ("broken", "shadowed"):
            delete_endpoint(shop.settings, name)
    lines = lakehouse.read_table(shop.spark, table).collect()
    by_shadow = {
        flag: [line for line in lines if (line["logging_error_codes"] == ["SHADOW"]) is flag] for flag in (True, False)
    }
    assert len(by_shadow[True]) == len(by_shadow[False]) == 3
    assert {line["served_entity_id"][-1] for line in by_shadow[True]} == {"2"}
    assert {line["databricks_request_id"].removesuffix("-shadow") for line in by_shadow[True]} == {
        line["databricks_request_id"] for line in by_shadow[False]
    }


def test_tokens_say_who_may_do_what(shop):
    body, tokens = (
        {"dataframe_records": [{"customer": 1, "amount": 1.0}]},
        f"all; one query:{shop.endpoint}; look metrics",
    )
    with serving(shop.settings, tokens=tokens, only=(shop.endpoint, shop.spec)) as server:
        address, other = (f"{server.url}/serving-endpoints/{name}/invocations" for name in (shop.endpoint, shop.spec))
        codes = {
            token: [post(to, body, {"Authorization": f"Bearer {token}"})[0] for to in (address, other)]
            + [
                get(server.url + path, {"Authorization": f"Bearer {token}"})[0]
                for path in ("/metrics", "/api/2.0/serving-endpoints")
            ]
            for token in ("all", "one", "look", "nobody", "")
        }
        assert codes == {
            "all": [200, 200, 200, 200],
            "one": [200, 403, 403, 403],
            "look": [403, 403, 200, 403],
            "nobody": [401] * 4,
            "": [401] * 4,
        }
        assert get(f"{server.url}/ping")[0] == 200


def test_limits_of_size_concurrency_and_time(shop):
    limits = Limits(body_bytes=1_000, concurrency=2, seconds=0.3)
    body = {"dataframe_records": [{"customer": 1, "amount": 1.0}] * 2}
    with serving(shop.settings, limits=limits, only=(shop.endpoint,)) as server:
        assert post(f"{server.url}/invocations", b" " * 2_000)[0] == 413
        assert post(f"{server.url}/invocations", body)[0] == 200
        served = server.models.get(shop.endpoint).served
        quick = served.answer

        def slow(*arguments, **named):
            time.sleep(0.6)
            return quick(*arguments, **named)

        served.answer = slow
        codes = []
        threads = [
            threading.Thread(target=lambda: codes.append(post(f"{server.url}/invocations", body)[0])) for _ in range(4)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        served.answer = quick
        assert sorted(codes) == [429, 429, 504, 504]
        time.sleep(0.7)
        assert post(f"{server.url}/invocations", body)[0] == 200


def test_a_client_that_leaves_while_it_sends_is_no_failure_of_the_server(shop):
    import socket
    from urllib.parse import urlsplit

    with serving(shop.settings, only=(shop.endpoint,)) as server:
        with socket.create_connection((urlsplit(server.url).hostname, urlsplit(server.url).port)) as client:
            client.sendall(b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            time.sleep(0.2)
        line = f'request_4xx_count_total{{endpoint="{shop.endpoint}"}} 1.0'
        _until(lambda: line in get(f"{server.url}/metrics")[1])
        assert f'request_5xx_count_total{{endpoint="{shop.endpoint}"}} 0.0' in get(f"{server.url}/metrics")[1]


def test_a_new_champion_answers_without_a_failed_request_and_a_bad_one_never_does(shop):
    import mlflow

    registry = mlflow.MlflowClient()
    body = {"dataframe_records": [{"customer": 3, "amount": 1.0}]}
    ends, answers = threading.Event(), []
    with serving(shop.settings, only=(shop.endpoint,), seconds=0.1) as server:

        def ask():
            while not ends.is_set():
                status, headers, answer = post(f"{server.url}/invocations", body)
                answers.append((status, headers["served-model-name"], round(answer["predictions"][0], 6)))

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            registry.set_registered_model_alias(shop.model, "champion", "2")
            _until(lambda: answers and answers[-1][1].endswith("-2"))
            bad = registry.create_model_version(shop.model, source="/nowhere/at/all", run_id=None)
            registry.set_registered_model_alias(shop.model, "champion", bad.version)
            _until(lambda: server.models.get(shop.endpoint).failure)
            seen = len(answers)
            _until(lambda: len(answers) > seen + 5)
        finally:
            ends.set()
            asking.join()
            registry.set_registered_model_alias(shop.model, "champion", "1")
        assert {status for status, _, _ in answers} == {200}
        pairs = {(name.rsplit("-", 1)[1], value) for _, name, value in answers}
        assert len(pairs) == len({version for version, _ in pairs}) == len({value for _, value in pairs}) == 2
        assert answers[-1][1].endswith("-2")
        assert (
            json.loads(get(f"{server.url}/api/2.0/serving-endpoints/{shop.endpoint}")[1])["state"]["config_update"]
            == "UPDATE_FAILED"
        )


def test_a_publish_is_seen_at_the_next_request_and_a_lost_store_is_said(shop, server):
    from headwater.serving.online.publish import drop_online_table

    address, body = (
        f"{server.url}/serving-endpoints/{shop.spec}/invocations",
        {"dataframe_records": [{"customer": 7, "amount": 1.0}]},
    )
    assert post(address, body)[2]["outputs"][0]["spent"] == 72.0
    shop.spark.sql(f"UPDATE {shop.schema}.customers SET spent = 1000 WHERE customer = 7")
    publish_table(shop.spark, shop.store, f"{shop.schema}.customers", f"{shop.schema}.customers_online")
    assert post(address, body)[2]["outputs"][0]["spent"] == 1000.0
    shop.spark.sql(f"ALTER TABLE {shop.schema}.customers ADD COLUMN later int")
    publish_table(shop.spark, shop.store, f"{shop.schema}.customers", f"{shop.schema}.customers_online")
    assert post(address, body)[2]["outputs"][0]["spent"] == 1000.0
    drop_online_table(shop.settings, shop.store, f"{shop.schema}.customers_online")
    status, _, answer = post(address, body)
    assert status == 503
    assert f"{shop.schema}.customers is in no online store" in answer["message"]
    given = {"customer": 7, "amount": 1.0, "spent": 1.0, "visits": 1, "city": "x"}
    assert post(address, {"dataframe_records": [given]})[0] == 200
    publish_table(shop.spark, shop.store, f"{shop.schema}.customers", f"{shop.schema}.customers_online")
    assert post(address, body)[2]["outputs"][0]["spent"] == 1000.0


def _until(true, seconds=60):
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.05)
