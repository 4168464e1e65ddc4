"""The conformance command in small: what it says of results, how it asks contestants, and what it writes."""

import json
import shutil
import sys
from pathlib import Path

import pyarrow as pa

from benchmarks.point_in_time.conformance.__main__ import main
from benchmarks.point_in_time.conformance.document import document
from benchmarks.point_in_time.conformance.forms import FORMS_BY_TIME
from benchmarks.point_in_time.conformance.grading import Verdict, grade_file, grade_table
from benchmarks.point_in_time.conformance.named import CASES, long_history
from benchmarks.point_in_time.conformance.running import answers, write_case
from benchmarks.point_in_time.field import CONTESTANTS, Contestant

PROGRAMS = Path(__file__).parents[2] / "benchmarks" / "point_in_time" / "contestants"


def _result(case, values):
    """Return the label rows with features by the label's id."""
    rows = case.label_table()
    for i, feature in enumerate(("x", "z")):
        column = [values[label][i] for label in rows["id"].to_pylist()]
        rows = rows.append_column(feature, pa.array(column, pa.float64()))
    return rows


def _right(case):
    return {label: next(iter(values)) for label, values in case.answer.items()}


def test_a_result_is_told_by_what_is_lost_multiplied_other_arbitrary_and_changed(tmp_path):
    case = CASES["tied_feature_rows"]
    right = _result(case, _right(case))
    assert str(grade_table(case, right)) == "right"
    assert grade_table(case, right.slice(2)) == Verdict(lost=2)
    assert grade_table(case, pa.concat_tables([right, right.slice(0, 3)])) == Verdict(multiplied=3)
    assert grade_table(case, _result(case, _right(case) | {1: (2.0, 99.0)})) == Verdict(other=1)
    assert grade_table(case, _result(case, _right(case) | {1: (1.0, 99.0)})) == Verdict(arbitrary=1)
    assert grade_table(case, _result(case, _right(case) | {1: (50.0, 50.0)})) == Verdict(other=1)
    tripled = pa.concat_tables([right, _result(case, _right(case) | {1: (1.0, 99.0)}).slice(1, 1)])
    assert grade_table(case, tripled) == Verdict(multiplied=1)
    moved = right.set_column(1, "k0", pa.array(["strange", *right["k0"].to_pylist()[1:]]))
    assert str(grade_table(case, moved)) == "1 with changed labels"
    assert grade_table(case, right.drop_columns("z")).said == "its result has no column z"
    assert grade_file(case, tmp_path / "nothing").said.startswith("its result cannot be read: ")
    doubles = CASES["duplicate_labels"]
    once = _result(doubles, _right(doubles)).slice(1)
    assert grade_table(doubles, once) == Verdict(lost=1)


def test_ours_and_others_on_the_same_spark_answer_cases_as_their_programs_do(spark, schema, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(PROGRAMS))
    import on_spark
    import ours

    told = {}
    for name in ("null_keys_on_both_sides", "composite_keys", "tied_feature_rows"):
        case = CASES[name]
        folder = write_case(case, tmp_path / name)
        spec = json.loads((folder / "spec.json").read_text())
        ours.on(spark, spec, folder, f"{schema}_{name}")("parquet", tmp_path / "ours")
        on_spark.on(spark, spec, folder, on_spark.union_and_window)("parquet", tmp_path / "window")
        told[name] = [str(grade_file(case, tmp_path / one)) for one in ("ours", "window")]
        shutil.rmtree(tmp_path / "ours")
        shutil.rmtree(tmp_path / "window")
        spark.sql(f"DROP SCHEMA {schema}_{name} CASCADE")
    assert {verdicts[0] for verdicts in told.values()} == {"right"}
    assert told["composite_keys"][1] == "right"
    assert told["null_keys_on_both_sides"][1] == "1 with other values"
    assert told["tied_feature_rows"][1].endswith("arbitrary")


_PROGRAM = """
import json, pathlib, sys, time
folder, out, sink, names = sys.argv[1:5]
assert sink == "cases"
for name in names.split(","):
    told = {"case": name, "versions": {"it": "1.0"}}
    if name == "plain":
        told["error"] = "ValueError: no"
    elif name == "only_future_rows":
        told["cannot"] = "no word for it"
    elif name == "no_labels":
        time.sleep(600)
    elif name == "no_features":
        sys.exit("it went away")
    print(json.dumps(told), flush=True)
"""


def test_a_contestant_that_fails_hangs_or_ends_is_asked_the_other_cases(tmp_path, monkeypatch):
    (tmp_path / "strange.py").write_text(_PROGRAM)
    monkeypatch.setattr("benchmarks.point_in_time.field._PROGRAMS", tmp_path)
    cases = [CASES[name] for name in ("plain", "no_labels", "only_future_rows", "no_features", "midnights")]
    found, versions = answers(
        Contestant("strange", "strange"), Path(sys.executable), cases, tmp_path, tmp_path / "out", 2.0
    )
    assert {name: one.said for name, one in found.items() if name != "midnights"} == {
        "plain": "ValueError: no",
        "no_labels": "not finished in 2 s",
        "only_future_rows": "cannot be said: no word for it",
        "no_features": "process ended: it went away",
    }
    assert found["midnights"].said.startswith("its result cannot be read: ")
    assert versions == {"it": "1.0"}


def test_the_document_has_the_promise_the_table_the_reasons_and_the_versions():
    cases = [CASES["plain"], CASES["no_labels"]]
    right = {case.name: Verdict() for case in cases}
    peer = {"plain": Verdict(lost=2, other=1), "no_labels": Verdict(said="ValueError: a | b")}
    text = document(cases, {"ours": right, "peer": peer}, {"one form": right}, {"peer": {"it": "1.0"}}, "Here.")
    assert "**Exactly one output row per label row, in every case, on every engine.**" in text
    assert "| plain | right | **2 lost, 1 with other values** |" in text
    assert "| no labels | right | **failed** [1] |" in text
    assert "- [1] ValueError: a / b" in text
    assert "| **right** | **2 of 2** | **0 of 2** |" in text
    assert "| one form | 2 of 2 | none |" in text
    assert "- peer: it 1.0" in text


def test_the_published_document_has_every_case_and_every_contestant():
    published = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text()
    head = next(line for line in published.splitlines() if line.startswith("| case |"))
    assert head == f"| case | {' | '.join(CONTESTANTS)} |"
    for case in [*CASES.values(), long_history()]:
        assert f"- **{case.name.replace('_', ' ')}**: {case.sentence}.\n" in published
    assert all(f"\n| {form} | " in published for form in FORMS_BY_TIME)


def test_the_command_asks_ours_in_a_process_of_its_own(tmp_path, capsys):
    arguments = ["--peers", "ours, embedded", "--cases", "tied_feature_rows", "--rows", "1000"]
    out = tmp_path / "conformance.md"
    assert main([*arguments, "--no-forms", "--cache", str(tmp_path), "--out", str(out)]) == 0
    assert "ours, embedded: 2 of 2 right" in capsys.readouterr().out
    assert "| long history | right |" in out.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conformance.json", "conformance.md"]
