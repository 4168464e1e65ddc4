"""One damaged table costs that table alone: sessions start, it is named with a way out, and can be made again."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from headwater import lakehouse

ROOT = Path(__file__).parents[3]


def _no_commit(log):
    for file in log.iterdir():
        if file.is_file():
            file.unlink()


def _staged_commits_alone(log):
    _no_commit(log)
    (log / "_staged_commits").mkdir(exist_ok=True)
    (log / "_staged_commits" / f"{0:020}.{'0' * 8}.json").write_text("{}\n")


def _half_written_commit(log):
    _without_digests(log)
    commit = log / f"{1:020}.json"
    commit.write_bytes(commit.read_bytes()[:-40])


def _no_json(log):
    _without_digests(log)
    (log / f"{1:020}.json").write_text("not json\n")


def _empty_commit(log):
    _without_digests(log)
    (log / f"{0:020}.json").write_text("")


def _no_commit_0(log):
    _without_digests(log)
    (log / f"{0:020}.json").unlink()


def _gap(log):
    _without_digests(log)
    (log / f"{1:020}.json").rename(log / f"{2:020}.json")


def _without_digests(log):
    """Take away the digests beside the files, with which Hadoop and Delta would see the damage in another way."""
    for file in log.glob("*.crc"):
        file.unlink()


DAMAGES = [
    _no_commit,
    _staged_commits_alone,
    _half_written_commit,
    _no_json,
    _empty_commit,
    _no_commit_0,
    _gap,
]
UNFINISHED = (_no_commit, _staged_commits_alone)


def _name(damage):
    return damage.__name__.strip("_")


def _doctor(home, *arguments):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HEADWATER_HOME": str(home)}
    command = [sys.executable, "-m", "headwater", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=100)


@pytest.fixture
def damaged(spark, schema, home):
    """Give the folder of a schema with one whole table, and beside it a copy with each damage."""
    folder = Path(home) / "warehouse" / f"{schema.split('.')[1]}.db"
    lakehouse.create_table(spark, f"{schema}.whole", spark.range(0).schema)
    lakehouse.append(spark.range(3), f"{schema}.whole")
    for damage in DAMAGES:
        shutil.copytree(folder / "whole", folder / _name(damage))
        damage(folder / _name(damage) / "_delta_log")
    return folder


def test_sessions_start_and_other_tables_work_beside_every_kind_of_damage(spark, schema, damaged, caplog):
    assert lakehouse.session() is spark
    assert lakehouse.list_tables(spark, "main", schema.split(".")[1]) == [f"{schema}.whole"]
    assert lakehouse.read_table(spark, f"{schema}.whole").count() == 3
    for damage in DAMAGES:
        said = [
            record.getMessage() for record in caplog.records if f".{_name(damage)} is damaged" in record.getMessage()
        ]
        assert len(said) == 1
        assert "headwater doctor --set-aside" in said[0]
        with pytest.raises(
            lakehouse.DamagedTableError, match=rf"{_name(damage)} is damaged: .*commit.*Other tables work"
        ):
            lakehouse.read_table(spark, f"{schema}.{_name(damage)}")
    lakehouse.session()
    assert len({record.getMessage() for record in caplog.records}) == len(caplog.records)


def test_the_doctor_finds_each_damage_and_sets_it_aside_and_the_table_can_be_made_again(spark, schema, damaged, home):
    names = sorted(f"{schema}.{_name(damage)}" for damage in DAMAGES)
    found = _doctor(home)
    assert found.returncode == 1, found.stderr
    assert [line.split()[0] for line in found.stdout.splitlines() if " is damaged: " in line] == names
    assert "pyspark" not in found.stderr
    # Files without a commit, of the last minute, may be those of a creation in another process.
    first = _doctor(home, "--set-aside")
    assert first.returncode == 1
    left = sorted(f"{schema}.{_name(damage)}" for damage in UNFINISHED)
    assert [each.name for each in lakehouse.damaged_folders(Path(home) / "warehouse")] == left
    with pytest.raises(lakehouse.DamagedTableError, match="it has files, but no Delta log with a commit"):
        lakehouse.create_table(spark, f"{schema}.no_commit", spark.range(0).schema)
    named = _doctor(home, "--set-aside", left[0].removeprefix("main."), *left[1:])
    assert named.returncode == 0, named.stdout
    assert _doctor(home).stdout.startswith("No table in ")
    aside = [folder.name.rpartition("-")[0] for folder in (Path(home) / "set-aside").iterdir()]
    assert set(names) <= set(aside)
    for damage in DAMAGES:
        lakehouse.create_table(spark, f"{schema}.{_name(damage)}", spark.range(0).schema)
        assert lakehouse.read_table(spark, f"{schema}.{_name(damage)}").count() == 0


def test_what_a_killed_creation_leaves_is_set_aside_by_the_next(spark, schema, home):
    log = Path(home) / "warehouse" / f"{schema.split('.')[1]}.db" / "t" / "_delta_log"
    (log / "_staged_commits").mkdir(parents=True)
    (log / f".{0:020}.json.1.tmp").write_text("{")
    assert not lakehouse.table_exists(spark, f"{schema}.t")
    with pytest.raises(lakehouse.DamagedTableError, match="its creation did not finish"):
        lakehouse.read_table(spark, f"{schema}.t")
    lakehouse.create_table(spark, f"{schema}.t", spark.range(0).schema)
    assert lakehouse.table_exists(spark, f"{schema}.t")


def test_what_a_failed_save_leaves_ends_no_session(spark, schema, home):
    rows = spark.range(4).selectExpr("IF(id = 3, raise_error('stop'), id) AS id")
    with pytest.raises(Exception, match="stop"):
        rows.selectExpr("CAST(id AS BIGINT) AS id").write.saveAsTable(f"{schema}.t")
    assert (Path(home) / "warehouse" / f"{schema.split('.')[1]}.db" / "t").is_dir()
    assert lakehouse.session() is spark
    assert not lakehouse.table_exists(spark, f"{schema}.t")
    spark.range(4).write.saveAsTable(f"{schema}.u")
    assert lakehouse.list_tables(spark, "main", schema.split(".")[1]) == [f"{schema}.u"]


def test_a_view_that_cannot_be_read_costs_that_view_alone(spark, schema, home, caplog):
    folder = Path(home) / "warehouse" / f"{schema.split('.')[1]}.db"
    (folder / "_views").mkdir(parents=True)
    (folder / "_views" / "cut.json").write_text(json.dumps({"text": "SELECT 1 AS one"})[:9])
    lakehouse.refresh(spark)
    assert "cut.json is damaged" in caplog.text
    assert lakehouse.list_tables(spark, "main", schema.split(".")[1]) == []


def test_a_table_that_is_not_there_names_the_damaged_tables_of_its_schema(spark, schema, home):
    folder = Path(home) / "warehouse" / f"{schema.split('.')[1]}.db"
    spark.range(1).write.saveAsTable(f"{schema}.whole")
    (folder / "broken" / "_delta_log").mkdir(parents=True)
    with pytest.raises(lakehouse.TableNotFoundError) as raised:
        lakehouse.read_table(spark, f"{schema}.brokn")
    assert str(raised.value).endswith(f"Known: {schema}.whole. Damaged, see `headwater doctor`: {schema}.broken.")
    shutil.rmtree(folder / "broken")
