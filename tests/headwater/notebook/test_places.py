"""A workspace's paths on this machine."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from headwater.notebook.errors import NotOnThisMachineError
from headwater.notebook.file_system import FileSystem
from headwater.notebook.paths import Places
from headwater.notebook.python_paths import python_paths
from headwater.notebook.spark_paths import map_sql


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path / ".headwater")


def test_every_way_to_write_a_path_means_one_place(places):
    home = str(places.home)
    for path in ("/Volumes/c/s/v/a", "dbfs:/Volumes/c/s/v/a", "/dbfs/Volumes/c/s/v/a", "file:/Volumes/c/s/v/a"):
        assert places.of_spark(path) == f"{home}/volumes/c/s/v/a"
    for path in ("dbfs:/mnt/a", "dbfs:///mnt/a", "/dbfs/mnt/a", "/mnt/a"):
        assert places.of_spark(path) == f"{home}/dbfs/mnt/a"
    assert places.of_dbutils("mnt/a") == places.of_dbutils("/mnt/a") == f"{home}/dbfs/mnt/a"
    for path in ("s3://b/a", "abfss://c@a.net/x", "relative/a", "file:/home/x", "main.ml.t", "true"):
        assert places.of_spark(path) == path
    for path in ("/VolumesX/a", "/dbfsx", "/home/x", "relative", "file:/Volumes/x"):
        assert places.of_python(path) == path


def test_what_is_on_the_machine_means_itself(places, tmp_path):
    assert places.of_spark(str(tmp_path)) == str(tmp_path)
    assert places.of_spark(str(tmp_path / "new")) == str(tmp_path / "new")
    assert places.of_spark("/tmp/surely-not-here-27") == f"{places.dbfs}/tmp/surely-not-here-27"
    assert places.of_python("/tmp/surely-not-here-27") == "/tmp/surely-not-here-27"


def test_python_files_of_a_volume_are_written_read_listed_moved_and_removed(places):
    with python_paths(places):
        os.makedirs("/Volumes/main/ml/raw/sub")
        with open("/Volumes/main/ml/raw/sub/a.txt", "w") as file:
            file.write("hello")
        top = Path("/Volumes/main/ml/raw")
        assert [path.name for path in top.rglob("*.txt")] == ["a.txt"]
        assert (top / "sub" / "a.txt").read_text() == "hello"
        shutil.copytree(top / "sub", "/dbfs/tmp/copy")
        shutil.move("/dbfs/tmp/copy/a.txt", "/dbfs/tmp/b.txt")
        assert sorted(os.listdir("/dbfs/tmp")) == ["b.txt", "copy"]
        assert os.path.isfile("/dbfs/tmp/b.txt")
        assert os.path.getsize("/dbfs/tmp/b.txt") == 5
        assert [files for _, _, files in os.walk("/Volumes/main")] == [[], [], [], ["a.txt"]]
        shutil.rmtree(top)
        assert not top.exists()
    assert not os.path.exists("/dbfs/tmp/b.txt")
    assert (places.dbfs / "tmp" / "b.txt").read_text() == "hello"


def test_pandas_reads_and_writes_there(places):
    frame = pd.DataFrame({"a": [1, 2]})
    with python_paths(places):
        os.makedirs("/Volumes/main/ml/raw")
        frame.to_csv("/Volumes/main/ml/raw/a.csv", index=False)
        frame.to_parquet("/dbfs/FileStore/a.parquet")
        frame.to_pickle("/dbfs/FileStore/a.pkl.bz2")
        Path("/dbfs/FileStore/parts").mkdir()
        frame.to_parquet("/dbfs/FileStore/parts/0.parquet")
        for read in (
            pd.read_csv("/Volumes/main/ml/raw/a.csv"),
            pd.read_parquet("/dbfs/FileStore/a.parquet"),
            pd.read_parquet("/dbfs/FileStore/parts"),
            pd.read_pickle("/dbfs/FileStore/a.pkl.bz2"),
        ):
            pd.testing.assert_frame_equal(read, frame)


def test_all_functions_are_the_old_ones_afterwards(places):
    before = (open, os.stat, os.mkdir, os.rename, pd.read_parquet)
    with python_paths(places):
        assert os.stat is not before[1]
    with pytest.raises(ZeroDivisionError), python_paths(places):
        _ = 1 / 0
    assert (open, os.stat, os.mkdir, os.rename, pd.read_parquet) == before


def test_sql_paths_are_mapped_and_other_texts_are_not(places):
    home = str(places.home)
    text = "CREATE TABLE t USING delta LOCATION '/Volumes/a/b/c/t'"
    assert map_sql(places, text).endswith(f"LOCATION '{home}/volumes/a/b/c/t'")
    assert f"`{home}/dbfs/x`" in map_sql(places, "SELECT * FROM delta.`dbfs:/x`")
    assert f"read_files('{home}/volumes/a'" in map_sql(places, "FROM read_files('/Volumes/a', format => 'csv')")
    assert f"'{home}/dbfs/y'" in map_sql(places, "CREATE TABLE t OPTIONS (path 'dbfs:/y')")
    untouched = "SELECT '/Volumes/a' AS x, 'dbfs:/y' FROM t WHERE p = '/mnt/z'"
    assert map_sql(places, untouched) == untouched


def test_dbutils_fs_works_like_the_workspaces(places):
    fs = FileSystem(places)
    assert fs.mkdirs("dbfs:/a/b")
    assert fs.put("/a/b/x.txt", "one")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        fs.put("/a/b/x.txt", "two")
    assert fs.put("/a/b/x.txt", "two", True)
    (folder,) = fs.ls("a")
    assert (folder.path, folder.name, folder.isDir(), folder.size) == ("dbfs:/a/b/", "b/", True, 0)
    assert fs.cp("dbfs:/a/b/x.txt", "/Volumes/main/ml/raw/")
    assert fs.head("/Volumes/main/ml/raw/x.txt") == "two"
    with pytest.raises(IsADirectoryError, match="recurse=True"):
        fs.cp("/a", "/c")
    assert fs.mv("/a", "/c", True)
    assert [one.path for one in fs.ls("dbfs:/c/b")] == ["dbfs:/c/b/x.txt"]
    with pytest.raises(OSError, match="recurse=True"):
        fs.rm("/c")
    assert fs.rm("/c", True)
    assert fs.rm("/c", True) is False
    with pytest.raises(FileNotFoundError, match=r"java\.io\.FileNotFoundException.* dbfs:/c"):
        fs.ls("dbfs:/c")
    with pytest.raises(NotOnThisMachineError, match="s3://bucket"):
        fs.ls("s3://bucket/x")
