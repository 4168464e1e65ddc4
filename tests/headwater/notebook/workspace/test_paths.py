"""A workspace's paths on this machine."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from headwater.notebook.errors import NotOnThisMachineError, PathOutsideStoreError, ProtectedFolderError
from headwater.notebook.workspace.file_system import FileSystem
from headwater.notebook.workspace.paths import Places
from headwater.notebook.workspace.python_paths import python_paths
from headwater.notebook.workspace.spark_paths import map_sql


@pytest.fixture
def places(tmp_path):
    return Places(tmp_path / ".headwater")


def test_every_way_to_write_a_path_means_one_place(places):
    home = str(places.home)
    for mapping in (places.to_read, places.to_write):
        for path in (
            "/Volumes/c/s/v/a",
            "dbfs:/Volumes/C/s/V/a",
            "/dbfs/Volumes/c/s/v/a",
            "file:/Volumes/c/x/../s/v/a",
        ):
            assert mapping(path) == f"{home}/volumes/c/s/v/a"
        for path in ("dbfs:/mnt/a", "DBFS:///mnt//a", "/dbfs/mnt/./a", "/mnt/a", "//mnt/b/../a", f"{home}/dbfs/mnt/a"):
            assert mapping(path) == f"{home}/dbfs/mnt/a"
        for path in ("s3://b/a", "abfss://c@a.net/x", "file:/home/x"):
            assert mapping(path) == path
    assert places.of_dbutils("mnt/a") == places.of_dbutils("/mnt/a") == places.to_write("mnt/a") == f"{home}/dbfs/mnt/a"
    for path in ("/VolumesX/a", "/dbfsx", "/home/x", "relative", "file:/Volumes/x"):
        assert places.of_python(path) == path


def test_what_is_on_the_machine_is_read_with_a_word_and_never_written(places, tmp_path, capsys):
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.csv").write_text("x")
    for path in (own, own / "a.csv", own / "*.csv", own / "{a,b}.csv"):
        assert places.to_read(str(path)) == str(path)
        assert places.to_write(str(path)) == f"{places.dbfs}{path}"
        assert f"{path} is read from this machine's disk" in capsys.readouterr().out
    assert places.to_read(str(own)) == str(own)
    assert capsys.readouterr().out == ""
    (places.dbfs / str(own)[1:]).mkdir(parents=True)
    assert places.to_read(str(own)) == f"{places.dbfs}{own}"
    assert places.to_read("/") == f"{places.dbfs}"
    assert places.of_python(str(own / "new")) == str(own / "new")


@pytest.mark.parametrize("root", ["dbfs:/", "/dbfs/", "/Volumes/", "dbfs:/Volumes/"])
@pytest.mark.parametrize("rest", ["{up}", "a/b/../../../{up}", "c/s/v/../../../..", "./.././{up}"])
def test_no_path_of_the_workspace_leads_out_of_it(places, tmp_path, root, rest):
    target = tmp_path / "outside"
    target.mkdir()
    (target / "kept.txt").write_text("kept")
    path = root + rest.format(up=f"../../../../../../../../../../../../../..{target}")
    fs = FileSystem(places)
    for use in (
        lambda: fs.rm(path, True),
        lambda: fs.ls(path),
        lambda: fs.mv(path, "dbfs:/taken", True),
        lambda: fs.cp("dbfs:/new.txt", path),
        lambda: fs.put(path + "/x.txt", "x", True),
        lambda: places.to_read(path),
        lambda: places.to_write(path),
    ):
        with pytest.raises((PathOutsideStoreError, FileNotFoundError)):
            use()
    if root != "dbfs:/Volumes/":
        with python_paths(places), pytest.raises(PathOutsideStoreError, match="leads above its root"):
            shutil.rmtree(path)
    assert (target / "kept.txt").read_text() == "kept"


def test_no_link_leads_out_of_the_store(places, tmp_path):
    target = tmp_path / "outside"
    target.mkdir()
    (target / "kept.txt").write_text("kept")
    fs = FileSystem(places)
    fs.put("dbfs:/d/a.txt", "a")
    (places.dbfs / "d" / "out").symlink_to(target)
    (places.dbfs / "e").mkdir()
    (places.dbfs / "e" / "d").symlink_to(target)
    (places.dbfs / "d" / "within").symlink_to(places.dbfs / "d" / "a.txt")
    assert fs.head("dbfs:/d/within") == "a"
    for use in (
        lambda: fs.put("dbfs:/d/out/kept.txt", "x", True),
        lambda: fs.rm("dbfs:/d/out/kept.txt"),
        lambda: fs.ls("/d/out"),
        lambda: fs.mv("/d/out", "/x", True),
        lambda: places.to_write("/d/out/new"),
        lambda: fs.cp("dbfs:/d", "dbfs:/e/d", True),
    ):
        with pytest.raises(PathOutsideStoreError, match="a link leads to"):
            use()
    with python_paths(places), pytest.raises(PathOutsideStoreError, match="a link leads to"):
        Path("/dbfs/d/out/kept.txt").write_text("x")
    with python_paths(places):
        os.unlink("/dbfs/e/d")
    assert fs.rm("dbfs:/d", True)
    assert (target / "kept.txt").read_text() == "kept"
    assert [one.name for one in target.iterdir()] == ["kept.txt"]


def test_a_path_without_a_scheme_changes_nothing_of_the_machines(places, tmp_path, capsys):
    own = tmp_path / "raw"
    own.mkdir()
    (own / "a.csv").write_text("x")
    fs = FileSystem(places)
    assert [one.path for one in fs.ls(str(own))] == [f"file:{own}/a.csv"]
    assert fs.rm(str(own), True) is False
    assert f"This machine's own is file:{own}." in capsys.readouterr().out
    with pytest.raises(FileNotFoundError, match=rf"This machine's own is file:{own}\."):
        fs.mv(str(own), "dbfs:/moved", True)
    assert fs.put(str(own / "a.csv"), "new")
    assert fs.mkdirs(str(own / "sub"))
    assert fs.cp(f"file:{own}/a.csv", str(own / "b.csv"))
    assert (own / "a.csv").read_text() == "x"
    assert [one.name for one in own.iterdir()] == ["a.csv"]
    assert fs.head(str(own / "b.csv")) == "x"
    assert fs.rm(f"file:{own}", True)
    assert not own.exists()


def test_roots_homes_and_the_notebooks_own_folders_are_never_removed_or_written_over(tmp_path, monkeypatch):
    project = tmp_path / "user" / "project"
    notebooks = project / "notebooks"
    notebooks.mkdir(parents=True)
    monkeypatch.chdir(notebooks)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    places = Places(project / ".headwater", notebooks)
    fs = FileSystem(places)
    fs.put("/Volumes/c/s/v/a.txt", "a")
    fs.put("/d/a.txt", "a")
    (places.home / "warehouse").mkdir()
    own = [places.home, places.home / "warehouse", notebooks, project, tmp_path / "user", tmp_path]
    for path in (
        *("dbfs:/", "/", "", "/dbfs", "/Volumes", "/Volumes/c", "/Volumes/c/s", "file:/Volumes/c", "dbfs:/Volumes"),
        *(f"file:{folder}" for folder in own),
        f"file:{notebooks}/../../project",
    ):
        for use in (lambda: fs.rm(path, True), lambda: fs.mv(path, "/y", True), lambda: places.to_write(path)):  # noqa: B023
            with pytest.raises(ProtectedFolderError, match="does not remove, move or write over"):
                use()
    # Of real roots only the answer is asked for: nothing here could remove them.
    for path in ("file:/", "file:///", "file:/etc", "file:/tmp", "file:/x/../", f"file:{Path('~root').expanduser()}"):
        with pytest.raises(ProtectedFolderError):
            places.to_write(path)
    assert fs.rm("/Volumes/c/s/v", True)
    assert fs.rm(f"file:{places.dbfs}/d", True)
    assert all(folder.is_dir() for folder in own)


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


def test_sql_reads_from_the_machine_and_writes_to_the_store(places, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    there = f"{places.dbfs}{own}"
    for text in (
        "SELECT * FROM delta.`{}`",
        "SELECT * FROM a, delta.`{}`",
        "SELECT * FROM a JOIN parquet.`{}` USING (id)",
        "INSERT INTO t SELECT * FROM csv.`{}`",
        "MERGE INTO t USING delta.`{}` AS s ON t.id = s.id WHEN MATCHED THEN DELETE",
        "DELETE FROM t WHERE id IN (SELECT id FROM delta.`{}`)",
        "DESCRIBE HISTORY delta.`{}`",
        "CREATE TABLE t SHALLOW CLONE delta.`{}`",
        "COPY INTO t FROM '{}' FILEFORMAT = CSV",
        "SELECT * FROM read_files('{}')",
        "CREATE OR REPLACE TEMP VIEW v USING csv OPTIONS (path '{}')",
    ):
        assert map_sql(places, text.format(own)) == text.format(own), text
    for text in (
        "DELETE FROM delta.`{}`",
        "DELETE /* all */ FROM -- it\n delta.`{}`",
        "INSERT INTO delta.`{}` VALUES (1)",
        "INSERT OVERWRITE delta.`{}` SELECT 1",
        "INSERT OVERWRITE DIRECTORY '{}' USING csv SELECT 1",
        "UPDATE delta.`{}` SET a = 1",
        "MERGE INTO delta.`{}` AS t USING s ON t.id = s.id WHEN MATCHED THEN DELETE",
        "VACUUM delta.`{}`",
        "OPTIMIZE delta.`{}`",
        "RESTORE TABLE delta.`{}` TO VERSION AS OF 0",
        "ALTER TABLE delta.`{}` ADD COLUMN b INT",
        "CONVERT TO DELTA parquet.`{}`",
        "CREATE TABLE t USING delta LOCATION '{}'",
        "CREATE TABLE t USING csv OPTIONS (path '{}')",
        "CREATE TABLE delta.`{}` (a INT)",
        "LOAD DATA INPATH '{}' INTO TABLE t",
        "TRUNCATE TABLE delta.`{}`",
    ):
        assert map_sql(places, text.format(own)) == text.format(there), text


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
