"""The flights' model asked online gives what batch scoring gives, feature by feature, for every flight of the small run."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import replace

import pytest

from examples.flights.served import as_served
from headwater import jobs, lakehouse, serving
from headwater.features import evaluate
from headwater.serving.http.requests import parse_request
from headwater.serving.http.served import load_model
from headwater.serving.online.stores import delete_online_store
from tests.end_to_end.flights import BEGIN, END


@pytest.fixture(scope="module")
def published(spark, flights):
    """Give the model's address after its feature tables were published, all of them as they are now."""
    settings = lakehouse.settings_of(spark)
    jobs.publish(spark, replace(flights.project, online_store="all-flights"))
    yield f"models:/{flights.project.model_name}@champion"
    delete_online_store(settings, "all-flights")


def test_every_flight_has_the_same_features_and_score_online_in_batch_and_recomputed(spark, flights, published):
    from pyspark.sql import functions as F

    artifact = as_served(serving.open_model(published))
    spec = artifact.spec
    spine = flights.project.spine(spark, BEGIN, END).withColumn(
        "prediction_time", F.lit(END.isoformat()).cast("timestamp")
    )
    rows = spine.select(*dict.fromkeys([*spec.required, "flight_id"])).toArrow().to_pylist()
    assert len(rows) > 5_000
    scored = serving.score_batch(artifact, spine, result_type="array<double>")
    names = [
        column.name
        for column in (*spec.source, *spec.computed)
        if column.name in spec.required or column in spec.computed
    ]
    offline = (
        evaluate(spec, spine, versions="newest")
        .select(*map(lakehouse.quoted, names), "flight_id")
        .toArrow()
        .to_pylist()
    )
    wanted = {row["flight_id"]: row for row in offline}
    chances = {row["flight_id"]: list(row["prediction"]) for row in scored.select("flight_id", "prediction").collect()}
    model = load_model("late", published, "late/1", lakehouse.settings_of(spark))
    wrong = []
    for first in range(0, len(rows), 1_000):
        part = rows[first : first + 1_000]
        body = json.dumps({"dataframe_records": part}, default=_iso).encode()
        answer = model.answer(parse_request(body, 10_000), traced=True)
        for row, features, prediction in zip(part, answer.features, answer.body["predictions"], strict=True):
            offline_row = wanted[row["flight_id"]]
            odd = [name for name in names if not _same(features["values"][name], offline_row[name])]
            if odd or not all(map(math.isclose, prediction, chances[row["flight_id"]])):
                wrong.append((row, odd))
    assert wrong == []


def _iso(value):
    assert isinstance(value, dt.datetime | dt.date)
    return value.isoformat()


def _same(one, other):
    return one == other or (one != one and other != other)  # noqa: PLR0124 - NaN
