"""Scores of batches and of endpoints in one table, labelled and explained: flights of the small run, in tables of their own."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import pytest

from headwater import jobs, lakehouse
from headwater.serving.explain import RequestNotFoundError, explain_request
from headwater.serving.http.endpoints import Endpoint, create_endpoint, delete_endpoint
from headwater.serving.http.payload_log import PayloadLog
from tests.end_to_end.flights import END, LIVE, MIDDLE
from tests.serving.http.client import post, serving


@pytest.fixture(scope="module")
def served(spark, flights):
    """Give a project whose scores stand in a schema of their own, its tables published, and what was asked of its model."""

    from headwater.serving.online.stores import delete_online_store

    spark.sql("CREATE SCHEMA IF NOT EXISTS main.served_flights")
    project = replace(flights.project, tables="main.served_flights", online_store="served-flights")
    settings = lakehouse.settings_of(spark)
    assert jobs.publish(spark, project).rows > 0
    assert jobs.publish(spark, project).rows == 0
    spine = project.spine(spark, LIVE, MIDDLE).limit(40)
    names = [name for name in spine.columns if name != project.label]
    rows = spine.select(*map(lakehouse.quoted, names)).toArrow().to_pylist()
    rows = [
        {name: value.isoformat() if isinstance(value, dt.datetime | dt.date) else value for name, value in row.items()}
        for row in rows
    ]
    name = "served-flights"
    model = f"models:/{project.model_name}@champion"
    traced = {"ENABLE_FEATURE_TRACING": "true"}
    create_endpoint(settings, Endpoint(name, model=model, environment=traced, payload_table=project.payload_table))
    answers = []
    with serving(settings, only=(name,)) as server:
        for at, row in enumerate(rows):
            body = {"dataframe_records": [row], "client_request_id": f"asked-{at}"}
            status, _, answer = post(f"{server.url}/invocations", body)
            assert status == 200, answer
            answers.append(answer["predictions"][0])
    delete_endpoint(settings, name)
    yield project, rows, answers
    delete_online_store(settings, "served-flights")
    spark.sql("DROP SCHEMA main.served_flights CASCADE")


def test_a_batch_replaces_its_own_rows_and_labels_reach_both(spark, served):
    project, rows, answers = served
    scored = jobs.score(spark, project, LIVE, MIDDLE).rows
    now = dt.datetime.now(dt.UTC)
    hour = dt.timedelta(hours=1)
    assert jobs.unpack(spark, project, now - hour, now + hour).rows == len(rows)
    assert jobs.unpack(spark, project, now - hour, now + hour).rows == len(rows)
    assert jobs.score(spark, project, LIVE, MIDDLE).rows == scored
    table = spark.table(project.table("inference"))
    assert table.where("request_id IS NULL").count() == scored
    online = {row["flight_id"]: row for row in table.where("request_id IS NOT NULL").collect()}
    assert len(online) == len(rows)
    for row, chances in zip(rows, answers, strict=True):
        found = online[row["flight_id"]]
        assert found["prediction_proba"] == pytest.approx(chances[1])
        assert found["prediction"] == int(chances[1] >= project.problem.threshold)
        assert found["prediction_time"] == dt.datetime.fromisoformat(row["prediction_time"]).replace(tzinfo=None)
        assert found["model_version"] == "1"
    jobs.label(spark, project, LIVE, END)
    labelled = spark.table(project.table("inference")).where(f"{project.label} IS NOT NULL")
    assert labelled.where("request_id IS NOT NULL").count() > 30
    assert labelled.where("request_id IS NULL").count() > 30
    doubled = labelled.groupBy("flight_id").agg({project.label: "max"}).count()
    assert doubled == labelled.where("request_id IS NULL").count()
    assert jobs.label(spark, project, LIVE, END).rows == 0


def test_an_outcome_that_is_corrected_twice_is_what_was_said_last(spark, served):
    project = served[0]
    jobs.label(spark, project, LIVE, END)
    table = project.table("inference")
    known = (
        spark.table(table).where(f"{project.label} IS NOT NULL AND request_id IS NOT NULL").select("flight_id").limit(2)
    )
    chosen = sorted(row["flight_id"] for row in known.collect())
    assert len(chosen) == 2
    first = {
        row["flight_id"]: row[project.label]
        for row in spark.table(table).where(f"{project.label} IS NOT NULL").collect()
    }

    def corrected(spark, as_of):
        turned = f"CASE WHEN flight_id IN ('{chosen[0]}', '{chosen[1]}') THEN 1 - late ELSE late END"
        return project.outcomes(spark, as_of).selectExpr("flight_id", f"{turned} AS late")

    for outcomes, turned in ((corrected, True), (project.outcomes, False)):
        again = replace(project, outcomes=outcomes)
        assert jobs.label(spark, again, LIVE, END).rows == 2
        assert jobs.label(spark, again, LIVE, END).rows == 0
        now = spark.table(table).where(f"{project.label} IS NOT NULL").collect()
        assert len({row["request_id"] is None for row in now if row["flight_id"] in chosen}) == 2
        for row in now:
            differs = turned and row["flight_id"] in chosen
            assert row[project.label] == (1 - first[row["flight_id"]] if differs else first[row["flight_id"]])


def test_a_prediction_is_explained_by_its_rows(spark, served):
    project, rows, answers = served
    settings = lakehouse.settings_of(spark)
    with pytest.raises(RequestNotFoundError, match="No request 'nothing'"):
        explain_request(settings, project.payload_table, "nothing")
    told = explain_request(settings, project.payload_table, "asked-3")
    assert json.loads(told.line["response"])["predictions"] == [answers[3]]
    looked_up = [one for one in told.values if one.table]
    assert {one.table for one in looked_up} == set(project.looked_up_tables)
    for one in looked_up:
        # the flight is an old one: rows that are newer than its time are published, and each says so
        if one.time is not None and one.time > dt.datetime.fromisoformat(rows[3]["prediction_time"]).astimezone(dt.UTC):
            assert one.value == one.offline or one.cause.startswith("newer row")
        else:
            assert one.cause == ""
    assert any(one.cause for one in looked_up)


def test_late_rows_and_stale_publishes_are_told_apart(spark, schema):
    from headwater import FeatureEngineeringClient, FeatureLookup
    from headwater.features import get_feature_spec, write_feature_table
    from headwater.serving.http.requests import parse_request
    from headwater.serving.http.served import ServedFeatures
    from headwater.serving.online.publish import publish_table
    from headwater.serving.online.stores import create_online_store, delete_online_store

    client, settings, table = FeatureEngineeringClient(), lakehouse.settings_of(spark), f"{schema}.t"
    now = dt.datetime.now(dt.UTC)
    kinds = "id bigint not null, ts timestamp not null, x double"
    frame = lambda *rows: spark.createDataFrame(list(rows), kinds)  # noqa: E731
    day = dt.timedelta(days=1)
    client.create_table(
        name=table,
        primary_keys=["id", "ts"],
        timeseries_column="ts",
        df=frame((1, now - 9 * day, 1.0), (2, now - 9 * day, 1.0), (3, now - 9 * day, 1.0), (4, now - 9 * day, 1.0)),
    )
    create_online_store(settings, "explained", "CU_1")
    try:
        publish_table(spark, "explained", table, f"{table}_online", "SNAPSHOT")
        write_feature_table(frame((2, now - 2 * day, 2.0)), table)  # before the request, not published
        name = f"{schema}.spec"
        lookup = FeatureLookup(
            table_name=table,
            lookup_key="id",
            timestamp_lookup_key="at",
            feature_names=["x"],
            default_values={"x": -1.0},
        )
        client.create_feature_spec(name=name, features=[lookup])
        served = ServedFeatures(name, get_feature_spec(spark, name).spec, settings)
        body = {"dataframe_records": [{"id": 1}, {"id": 2}, {"id": 3}, {"id": 99}, {"id": 4, "x": 7.0}]}
        answer = served.answer(parse_request(json.dumps(body).encode(), 10), traced=True)
        from headwater.serving.http.refusals import encode

        log, at = PayloadLog(settings, f"{schema}.payload"), dt.datetime.now(dt.UTC)
        micros = int(at.timestamp() * 1e6)
        line = [
            "r",
            micros // 86_400_000_000,
            None,
            micros,
            200,
            1.0,
            1,
            json.dumps(body),
            encode(answer.body).decode(),
            [],
        ]
        log.append([*line, name, "", encode(answer.features).decode()])
        log.close()
        write_feature_table(frame((3, now - 2 * day, 3.0)), table)  # late: after the request
        told = [one for one in explain_request(settings, f"{schema}.payload", "r").values if one.feature == "x"]
        assert [(one.value, one.offline, one.status) for one in told] == [
            (1.0, 1.0, "found"),
            (1.0, 2.0, "found"),
            (1.0, 3.0, "found"),
            (-1.0, -1.0, "default"),
            (7.0, 1.0, "overridden"),
        ]
        causes = [one.cause.split(":")[0] for one in told]
        assert causes == ["", "stale publish", "late row", "", "the request gave this value"]
    finally:
        delete_online_store(settings, "explained")
