"""The benchmark in small: every shape is made, and ours and the formulations on the same Spark give the right rows."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.point_in_time.agreement import Answer, disagreement
from benchmarks.point_in_time.field import CONTESTANTS
from benchmarks.point_in_time.report import document, profiles, table
from benchmarks.point_in_time.shapes import SHAPES, generate

PROGRAMS = Path(__file__).parents[2] / "benchmarks" / "point_in_time" / "contestants"
SMALL = ("lookback", "skew")


@pytest.mark.parametrize("name", SMALL)
def test_ours_and_others_on_the_same_spark_give_the_right_rows(spark, schema, tmp_path, monkeypatch, name):
    monkeypatch.syspath_prepend(str(PROGRAMS))
    import on_spark
    import ours

    generate(SHAPES[name].scaled(0.002), tmp_path / "data")
    spec = json.loads((tmp_path / "data" / "spec.json").read_text())
    answer = Answer(tmp_path / "data")
    here = ours.on(spark, spec, tmp_path / "data", schema)
    window = on_spark.on(spark, spec, tmp_path / "data", on_spark.union_and_window)
    pairs = on_spark.on(spark, spec, tmp_path / "data", on_spark.range_join)
    for number, contestant in enumerate((here, window, pairs)):
        assert contestant("parquet", tmp_path / f"out{number}") is None
        assert disagreement(answer, tmp_path / f"out{number}") == ""
    floor = on_spark.without_a_join(spark, spec, tmp_path / "data", tmp_path / "store", 2)
    assert floor("parquet", tmp_path / "floor") is None
    assert disagreement(answer, tmp_path / "floor") == ""
    assert len(here("pandas", None)) == answer.count
    monkeypatch.setenv("HEADWATER_LOOKUPS", "spark")
    here("parquet", tmp_path / "out")
    assert disagreement(answer, tmp_path / "out") == ""
    told = here.profile("parquet", tmp_path / "profiled")
    assert 0 < told["outside"] < told["wall"]
    assert told["tasks"] > 0
    assert min(told["python"], told["to_python_mib"], told["shuffled_mib"]) > 0
    assert window.profile("parquet", tmp_path / "profiled2")["python"] == 0
    assert profiles({"a": {"profile": told}})[2].startswith("| a | ")
    lost = spark.read.parquet(str(tmp_path / "out")).where("id > 0")
    lost.write.parquet(str(tmp_path / "lost"))
    assert disagreement(answer, tmp_path / "lost") == "1 rows lost, 0 multiplied"


def test_every_shape_is_made_and_every_contestant_is_a_program(tmp_path):
    for shape in SHAPES.values():
        if shape.name.startswith("taxi") or shape.heavy:
            continue
        generate(shape.scaled(0.0001), tmp_path / shape.name)
        assert (tmp_path / shape.name / "spec.json").exists()
    assert all((PROGRAMS / f"{one.program}.py").exists() for one in CONTESTANTS.values())
    assert sys.version_info >= (3, 11)


def test_the_document_is_written_of_the_record():
    docs = Path(__file__).parents[2] / "docs"
    assert (docs / "benchmarks.md").read_text() == document(json.loads((docs / "benchmarks.json").read_text()))


def test_the_report_says_what_was_measured_and_what_was_not():
    one = {
        "seconds": [9.0, 2.0, 1.0, 3.0],
        "cpu": [9.0, 4.0, 4.0, 4.0],
        "peak_bytes": 2**30,
        "versions": {},
        "error": "",
        "rows": "",
    }
    other = {**one, "seconds": [], "error": "not finished in 5 s"}
    lines = table({"union and window": one, "DuckDB": other}, 100)
    assert lines[2] == "| union and window | 1.00 | 2.00 | 3.00 | 4.0 | 1.0 | 1.0× |  | right |"  # noqa: RUF001
    assert lines[3].endswith("| not finished in 5 s |")
    where = {"processor": "one", "cores": 2, "memory_gib": 4, "system": "Linux", "load": 0.0}
    shape = {
        "title": "T",
        "labels": 100,
        "when": "now",
        "machine": where,
        "repeats": 3,
        "sinks": {"pandas": {"a": one}},
    }
    assert "one, 2 cores, 4 GiB" in document({"x": shape})
    sizes = {"one_million": 1.0, "ten_million": 8.0, "medium": 2.0, "five_tables": 3.0}
    shapes = {
        name: {**shape, "sinks": {"parquet": {"ours, Spark forms": {**one, "seconds": [9.0, seconds]}}}}
        for name, seconds in sizes.items()
    }
    written = document(shapes)
    assert "| ten million | 8.00 | 8.0× |" in written  # noqa: RUF001
    assert "| ours, Spark forms | 1.5× |" in written  # noqa: RUF001
    shapes["ten_million"]["sinks"]["parquet"]["ours, Spark forms"]["seconds"] = [8.0]
    shapes["one_million"]["sinks"] = {"parquet": {"DuckDB": one}}
    written = document(shapes)
    assert "| one million |  |  |\n| ten million | 8.00 (first run) |  |" in written


def test_the_report_says_what_is_below_its_aim_and_what_could_be_won():
    seconds = {
        "ours, embedded": 1.0,
        "ours, Spark forms": 4.0,
        "union and window": 5.0,
        "DuckDB": 0.3,
        "the result alone, on Spark": 0.5,
        "the result, and the rows shuffled to Python, on Spark": 2.5,
    }
    outcomes = {
        name: {"seconds": [9.0, told], "cpu": [1.0], "peak_bytes": 1, "versions": {}, "error": "", "rows": ""}
        for name, told in seconds.items()
    }
    where = {"processor": "one", "cores": 2, "memory_gib": 4, "system": "Linux", "load": 0.0}
    shape = {"title": "T: t", "labels": 1, "when": "", "machine": where, "repeats": 1}
    written = document({"x": {**shape, "sinks": {"parquet": outcomes, "pandas": {}}}})
    assert "| T, to parquet | 5.0× | 1.2×, below, at most 2.0× | 0.3×, below |  |  |" in written  # noqa: RUF001
    assert "T, to pandas |" not in written
    less = {**outcomes["DuckDB"], "seconds": [9.0, 4.5]}  # a form that does not do what the line without a join does
    written = document({"x": {**shape, "sinks": {"parquet": {**outcomes, list(seconds)[-1]: less}}}})
    assert "| T, to parquet | 5.0× | 1.2×, below | 0.3×, below |  |  |" in written  # noqa: RUF001
    slower = {**outcomes["DuckDB"], "seconds": [9.0, 1.1]}
    written = document({"small_spine": {**shape, "sinks": {"parquet": {**outcomes, "ours, embedded": slower}}}})
    assert "| T, to parquet | 4.5×, below, at most 10.0× |" in written  # noqa: RUF001
