"""Files that are missing or cut short, and full disks, are said with table, file and what to do; other tables go on."""

from __future__ import annotations

import re
import resource
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from headwater import FeatureEngineeringClient, FeatureLookup, session
from headwater.cli.main import main
from headwater.features import declare_feature_table
from headwater.lakehouse import DamagedFileError, DiskFullError, append


@pytest.fixture
def client(spark):
    return FeatureEngineeringClient()


@pytest.fixture
def table(spark, schema, client, home):
    """Give a feature table of three commits, and the file of its last one that has the new row."""
    name = f"{schema}.f"
    rows = "id long, a double"
    client.create_table(name=name, primary_keys="id", df=spark.createDataFrame([(1, 1.0), (2, 2.0)], rows))
    folder = Path(home) / "warehouse" / f"{schema.split('.')[1]}.db" / "f"
    before = set(folder.glob("*.parquet"))
    client.write_table(name=name, df=spark.createDataFrame([(3, 3.0)], rows))
    (file,) = (new for new in set(folder.glob("*.parquet")) - before if 3 in pq.read_table(new)["id"].to_pylist())
    return name, file


def missing(file):
    file.unlink()
    return "is missing"


def cut_short(file):
    file.write_bytes(file.read_bytes()[:-20])
    file.with_name(f".{file.name}.crc").unlink()
    return "is cut short or damaged"


def read_paths(spark, client, name):
    """Give the ways in which rows of a feature table are read, each run to its end."""
    df = spark.createDataFrame([(1, 0), (3, 1)], "id long, y int")
    training_set = client.create_training_set(df=df, feature_lookups=[FeatureLookup(name, "id")], label="y")
    return {
        "a training set in memory": training_set.to_pandas,
        "a training set's frame": lambda: training_set.load_df().collect(),
        "saving it": lambda: training_set.save(f"{name}_saved"),
        "a merge": lambda: client.write_table(name=name, df=spark.createDataFrame([(3, 9.0)], "id long, a double")),
        "DELETE": lambda: session().sql(f"DELETE FROM {name} WHERE a > 2"),
        "declaring a key": lambda: declare_feature_table(spark, name, ["id"]),
    }


def doctor(*tables):
    """Return the exit code of ``headwater doctor``."""
    with pytest.raises(SystemExit) as ended:
        main(["doctor", *tables])
    return ended.value.code


@pytest.mark.parametrize("damage", [missing, cut_short])
def test_a_damaged_file_is_named_with_its_table_and_what_to_do_wherever_it_is_read(
    spark, client, table, damage, schema, home, monkeypatch, capsys
):
    name, file = table
    other = client.create_table(name=f"{schema}.other", primary_keys="id", df=spark.range(3))
    fault = damage(file)
    short = name.split(".", 1)[1]
    said = rf"{short} cannot be read: its file {re.escape(str(file))} {fault}.*RESTORE TABLE {short} TO VERSION AS OF 1"
    for read in read_paths(spark, client, name).values():
        with pytest.raises(DamagedFileError, match=said):
            read()
    assert spark.table(other.name).count() == 3

    monkeypatch.setenv("HEADWATER_HOME", home)
    assert doctor(short) == 1
    assert str(file) in capsys.readouterr().out.replace("\n", "")
    assert doctor(other.name) == 0

    # What the sentence says mends it.
    spark.sql(f"RESTORE TABLE {name} TO VERSION AS OF 1")
    assert sorted(spark.table(name).collect()) == [(1, 1.0), (2, 2.0)]
    assert doctor(short) == 0


def test_a_full_disk_is_said_with_the_table_which_stays_as_it_was(spark, client, table, schema):
    name, _ = table
    java = spark.sparkContext._gateway.proc.pid
    before = resource.prlimit(java, resource.RLIMIT_FSIZE)
    large = spark.range(400_000).selectExpr("id", "rand(1) AS a")
    # As a disk that is full: no file may be larger than this.
    resource.prlimit(java, resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(
            DiskFullError, match=rf"The rows for {name} were not written: File too large\. .* are free in"
        ):
            append(large, name)
        with pytest.raises(DiskFullError, match=r"ows .*were not written: .* Make room"):
            client.write_table(name=name, df=large)
        with pytest.raises(DiskFullError, match=r"ows .*were not written: .* Make room"):
            client.create_table(name=f"{schema}.new", primary_keys="id", df=large)
    finally:
        resource.prlimit(java, resource.RLIMIT_FSIZE, before)
    assert sorted(spark.table(name).collect()) == [(1, 1.0), (2, 2.0), (3, 3.0)]
    client.create_table(name=f"{schema}.new", primary_keys="id", df=large)
    assert spark.table(f"{schema}.new").count() == 400_000
