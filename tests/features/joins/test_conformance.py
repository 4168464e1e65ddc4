"""Every form of the point-in-time join gives the right answer to every case that peers are held to, in any time zone.

Each form of the registry that looks up rows by time is held to this. The small cases lie in one pair of files, the case's number
as one more key; each form answers all of them, and those that must stand alone, in one job.
"""

import datetime as dt
from functools import reduce

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions as F

from benchmarks.point_in_time.conformance.cases import FEATURES, as_of
from benchmarks.point_in_time.conformance.forms import FORMS_BY_TIME, join_by_form
from benchmarks.point_in_time.conformance.grading import Verdict, grade_table
from benchmarks.point_in_time.conformance.named import CASES, long_history
from headwater import lakehouse
from headwater.features import FeatureLookup, create_training_set, key_properties
from headwater.features.joins.matching.newest_rows import newest_rows
from tests.oracles import point_in_time as oracle

HISTORY = long_history(200_000, 2_000)
SMALL = [case for case in CASES.values() if not case.alone]
UNTIED = [case for case in SMALL if not case.has_ties]
ALONE = [*[case for case in CASES.values() if case.alone], HISTORY]
NUMBERS = {case.name: i for i, case in enumerate([*SMALL, *ALONE])}
LOOKBACKS = sorted({case.lookback for case in SMALL}, key=lambda one: (one is not None, one))
KEYS = [("case", "case"), ("k0", "key0"), ("k1", "key1")]
LABELS = ["case", "id", "k0", "k1", "at", "y"]
ZONES = ["UTC", "America/New_York"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Give the folder with label and feature files: of the small cases, of those of each lookback, of each that stands alone."""
    folder = tmp_path_factory.mktemp("cases")
    groups = {"small": SMALL, "untied": UNTIED, **{case.name: [case] for case in ALONE}}
    groups |= {f"lookback {i}": _of(lookback, UNTIED) for i, lookback in enumerate(LOOKBACKS)}
    for name, cases in groups.items():
        (folder / name).mkdir()
        for side in ("label", "feature"):
            rows = pa.concat_tables([_numbered(case, side) for case in cases])
            pq.write_table(rows, folder / name / f"{side}.parquet")
    return folder


@pytest.fixture
def zone(spark, request):
    """Set the session's time zone, and set it back."""
    before = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", request.param)
    yield request.param
    spark.conf.set("spark.sql.session.timeZone", before)


def _numbered(case, side):
    rows = case.label_table() if side == "label" else case.feature_table()
    second = "k1" if side == "label" else "key1"
    rows = rows.append_column("case", pa.array([NUMBERS[case.name]] * len(rows), pa.int64()))
    if second not in rows.column_names:
        rows = rows.append_column(second, pa.array([""] * len(rows), pa.string()))
    return rows.select(LABELS if side == "label" else ["case", "key0", "key1", "ts", *FEATURES])


def _of(lookback, cases):
    return [case for case in cases if case.lookback == lookback]


def _wrong(cases, table):
    """Return what is wrong in the rows of each case; nothing if all are right."""
    parts = {case.name: table.filter(pa.compute.equal(table["case"], NUMBERS[case.name])) for case in cases}
    verdicts = {case.name: grade_table(case, parts[case.name]) for case in cases}
    assert sum(map(len, parts.values())) == len(table)
    return {name: str(verdict) for name, verdict in verdicts.items() if not verdict.right}


@pytest.mark.parametrize("zone", ZONES, indirect=True)
@pytest.mark.parametrize("form", FORMS_BY_TIME)
def test_each_spark_form_is_right_in_every_case(spark, files, form, zone):
    alone = ALONE if zone == "UTC" else []
    asked = [("small", _of(lookback, SMALL), lookback) for lookback in LOOKBACKS]
    asked += [(case.name, [case], None) for case in alone]
    parts = []
    for name, cases, lookback in asked:
        numbers = [NUMBERS[case.name] for case in cases]
        labels, features = (
            spark.read.parquet(str(files / name / f"{side}.parquet")).where(F.col("case").isin(numbers))
            for side in ("label", "feature")
        )
        outputs = {feature: feature for feature in FEATURES}
        joined = join_by_form(form, labels, features, keys=KEYS, time=("at", "ts"), outputs=outputs, lookback=lookback)
        assert joined.columns == [*labels.columns, *FEATURES]
        parts.append(joined)
    assert _wrong([*SMALL, *alone], reduce(lambda one, other: one.unionAll(other), parts).toArrow()) == {}


@pytest.mark.parametrize("zone", ZONES, indirect=True)
def test_training_sets_in_process_are_right_in_every_case(spark, schema, files, zone):
    _store(spark.read.parquet(str(files / "untied" / "feature.parquet")), f"{schema}.facts")
    direct, through_spark = [], []
    for i, lookback in enumerate(LOOKBACKS):
        labels = spark.read.parquet(str(files / f"lookback {i}" / "label.parquet"))
        training_set = _training_set(labels, f"{schema}.facts", lookback)
        assert training_set.explain().startswith("in process: ")
        direct.append(training_set.to_arrow())
        through_spark.append(training_set.load_df())
    assert _wrong(UNTIED, pa.concat_tables(direct)) == {}
    assert _wrong(UNTIED, reduce(lambda one, other: one.unionAll(other), through_spark).toArrow()) == {}


def test_a_training_set_with_ties_is_left_to_spark_and_right(spark, schema, files):
    _store(spark.read.parquet(str(files / "small" / "feature.parquet")), f"{schema}.facts")
    cases = _of(None, SMALL)
    labels = spark.read.parquet(str(files / "small" / "label.parquet"))
    labels = labels.where(F.col("case").isin([NUMBERS[case.name] for case in cases]))
    training_set = _training_set(labels, f"{schema}.facts", None)
    assert training_set.explain().startswith("spark: ")
    assert _wrong(cases, training_set.to_arrow()) == {}


def _store(features, table):
    """Make a feature table that has what `create_feature_table` refuses: NULL and double keys."""
    properties = key_properties(table, [*(right for _, right in KEYS), "ts"], ["ts"])
    lakehouse.create_table(features.sparkSession, table, features.schema, properties=properties)
    lakehouse.append(features, table)


def _training_set(labels, table, lookback):
    names = [left for left, _ in KEYS]
    return create_training_set(
        labels, [FeatureLookup(table, names, timestamp_lookup_key="at", lookback_window=lookback)], "y"
    )


@pytest.mark.parametrize("case", [one for one in [*SMALL, *ALONE] if not one.has_ties], ids=lambda one: one.name)
def test_matching_in_process_is_right_in_the_case(case):
    labels, features = case.label_table(), case.feature_table()
    asked, known = [labels[left] for left, _ in case.keys], [features[right] for _, right in case.keys]
    lookback = None if case.lookback is None else case.lookback // dt.timedelta(microseconds=1)
    rows = newest_rows(asked, labels["at"], known, features["ts"], lookback)
    taken = features.select(FEATURES).take(pa.array(rows, mask=rows < 0))
    for feature in FEATURES:
        labels = labels.append_column(feature, taken[feature])
    assert grade_table(case, labels) == Verdict()


def test_the_answers_are_those_of_the_other_brute_force():
    for seed in (61, 67):
        labels, features = oracle.cases(seed, 200)
        for lookback in (None, dt.timedelta(0), dt.timedelta(hours=3)):
            found = [(label[0], *as_of(label, tuple(features), lookback)[0]) for label in labels]
            assert found == oracle.as_of(labels, features, lookback)


def test_the_long_history_is_known_by_arithmetic_as_by_brute_force():
    small = long_history(3_000, 200)
    features = tuple(tuple(row.values()) for row in small.feature_table().to_pylist())
    for row in small.label_table().to_pylist():
        assert small.answer[row["id"]] == {as_of((row["id"], row["k0"], row["at"]), features, None)[0]: 1}
