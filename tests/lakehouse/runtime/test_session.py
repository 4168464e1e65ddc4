"""The embedded session: in a folder, without network, several processes side by side; and what a machine may lack."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from headwater import lakehouse
from headwater.lakehouse.runtime import java

ROOT = Path(__file__).parents[3]


def _start(script, home, **environment):
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HEADWATER_HOME": str(home),
        "HEADWATER_MASTER": "local[1]",
        **environment,
    }
    return subprocess.Popen(
        [sys.executable, "-c", script], env=env, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_the_session_is_the_active_one_with_utc_and_delta(spark):
    from pyspark.sql import SparkSession

    assert SparkSession.getActiveSession() is spark
    assert lakehouse.session() is spark
    assert lakehouse.is_embedded(spark)
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    assert spark.range(1).selectExpr("1 AS one").collect()[0]["one"] == 1


@pytest.mark.slow
def test_two_processes_write_one_table_side_by_side_and_nothing_is_lost(spark, schema, home):
    table = f"{schema}.shared"
    lakehouse.create_table(spark, table, spark.createDataFrame([], "id long, who string").schema)
    script = (
        "import sys; from headwater import lakehouse\n"
        "spark = lakehouse.session()\n"
        "for i in range(4):\n"
        f"    df = spark.createDataFrame([(i, '%s'), (100 + i, '%s')], 'id long, who string')\n"
        f"    lakehouse.merge(df, '{table}', ['id', 'who'])\n"
        f"lakehouse.create_table(spark, '{schema}.of_%s', df.schema)\n"
        "print(lakehouse.list_tables(spark, 'main', '" + schema.split(".")[1] + "'))\n"
    )
    both = [_start(script.replace("%s", who), home) for who in ("a", "b")]
    mine = spark.createDataFrame([(7, "c")], "id long, who string")
    lakehouse.merge(mine, table, ["id", "who"])
    for process in both:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err[-2000:]
        assert table in out
    rows = lakehouse.read_table(spark, table).collect()
    assert len(rows) == len(set(rows)) == 17
    assert lakehouse.table_exists(spark, f"{schema}.of_a")
    assert lakehouse.table_exists(spark, f"{schema}.of_b")


@pytest.mark.slow
def test_a_start_resolves_nothing_over_the_network_and_says_nothing(tmp_path):
    # MLflow's autologging starts the callback server where there is none, and streams then fail: it must be there already.
    script = (
        "from headwater import lakehouse; spark = lakehouse.session(); print(spark.sql('SELECT 1 AS a').collect()[0][0], "
        "spark.sparkContext._gateway.start_callback_server())"
    )
    dead = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    process = _start(script, tmp_path, **dead, JAVA_TOOL_OPTIONS="-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9")
    out, err = process.communicate(timeout=200)
    assert out.strip() == "1 False"
    noise = [line for line in err.splitlines() if "incubator" not in line and "JAVA_TOOL_OPTIONS" not in line]
    assert noise == []


def test_without_java_there_is_one_sentence_that_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert java.find_java() is None
    with pytest.raises(
        lakehouse.JavaNotFoundError, match=r"needs Java 17 or newer, found none.*openjdk-17-jre-headless"
    ):
        lakehouse.ensure_java()


def test_an_old_java_is_passed_over(tmp_path, monkeypatch):
    old = tmp_path / "old" / "bin" / "java"
    old.parent.mkdir(parents=True)
    old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    found = java.find_java()
    assert found is None or found != tmp_path / "old"


def test_jars_that_cannot_be_fetched_are_named_with_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(
        "JAVA_TOOL_OPTIONS", "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9 -Dsocks.proxyHost=127.0.0.1"
    )
    with pytest.raises(lakehouse.JarsNotFoundError, match=r"delta-spark_4.2_2.13:4.4.0.* could not be fetched"):
        lakehouse.ensure_jars(tmp_path / "jars")
    assert not list((tmp_path / "jars").glob("*.jar"))


def test_an_unreadable_data_file_fails_with_its_path_and_the_table_stays(spark, schema, home):
    lakehouse.create_table(spark, f"{schema}.t", spark.range(0).schema)
    lakehouse.append(spark.range(3), f"{schema}.t")
    folder = Path(home) / "warehouse" / f"{schema.split('.')[1]}.db" / "t"
    file = next(folder.glob("*.parquet"))
    kept = file.read_bytes()
    file.write_bytes(b"not parquet")
    (folder / f".{file.name}.crc").unlink(missing_ok=True)
    with pytest.raises(Exception, match=file.name[:20]):
        lakehouse.read_table(spark, f"{schema}.t").collect()
    for part in folder.glob("*.parquet"):
        if part == file:
            part.write_bytes(kept)
    spark.catalog.clearCache()
    assert lakehouse.read_table(spark, f"{schema}.t").count() == 3
