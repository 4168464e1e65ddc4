"""``WorkspaceClient()`` within a run: the lines that public notebooks have of it."""

import base64
import io
import json

import pytest
from databricks import sdk

from headwater.lakehouse import Settings
from headwater.notebook.errors import NotOnThisMachineError, PathOutsideStoreError, ProtectedFolderError
from headwater.notebook.workspace.client import workspace_client
from headwater.notebook.workspace.paths import Places

ME = "/Users/someone@example.com"


@pytest.fixture
def tree(tmp_path):
    """Give a repository with a notebook in its folder `notebooks`."""
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    notebook = tmp_path / "repo" / "notebooks" / "train.py"
    notebook.parent.mkdir()
    notebook.write_text("# Databricks notebook source\nprint(1)\n")
    return tmp_path / "repo"


@pytest.fixture
def w(tree):
    settings = Settings(home=tree / ".headwater")
    with workspace_client(
        settings, Places(settings.home, tree / "notebooks"), lambda: pytest.fail("Spark was started")
    ):
        yield sdk.WorkspaceClient(host="https://adb-1.azuredatabricks.net", token="x")


def test_folders_are_made_and_what_cannot_be_made_does_not_stop_the_run(w, tree, capsys):
    w.workspace.mkdirs(f"{ME}/databricks_lakehouse_monitoring")
    w.workspace.mkdirs(f"/Workspace{ME}/databricks_lakehouse_monitoring")
    assert (tree / "databricks_lakehouse_monitoring").is_dir()
    w.workspace.mkdirs(f"{ME}/notebooks/train.py/below")
    w.workspace.mkdirs("/Workspace/Shared/../../outside")
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(" made no folder")[0] for line in said] == [
        f"WorkspaceClient().workspace.mkdirs('{ME}/notebooks/train.py/below')",
        "WorkspaceClient().workspace.mkdirs('/Workspace/Shared/../../outside')",
    ]
    assert not (tree.parent / "outside").exists()


def test_the_status_of_notebooks_files_and_folders(w, tree):
    from databricks.sdk.errors import NotFound
    from databricks.sdk.service.workspace import Language, ObjectType

    status = w.workspace.get_status(f"{tree}/notebooks/train")  # what notebookPath gives
    assert (status.object_type, status.language) == (ObjectType.NOTEBOOK, Language.PYTHON)
    assert status.object_id == w.workspace.get_status(f"/Workspace{ME}/notebooks/train").object_id
    assert w.workspace.get_status(ME).object_type is ObjectType.DIRECTORY
    (tree / "plain.py").write_text("x = 1\n")
    assert w.workspace.get_status(f"{ME}/plain.py").object_type is ObjectType.FILE
    with pytest.raises(NotFound, match=r"nothing at /Users/.*/nope"):
        w.workspace.get_status(f"{ME}/nope")


def test_notebooks_and_files_are_written_listed_read_and_removed(w, tree):
    from databricks.sdk.errors import ResourceAlreadyExists
    from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language

    w.workspace.upload(
        f"{ME}/jobs/score", io.BytesIO(b"print(2)\n"), format=ImportFormat.SOURCE, language=Language.PYTHON
    )
    assert (tree / "jobs" / "score.py").read_text() == "# Databricks notebook source\nprint(2)\n"
    with pytest.raises(ResourceAlreadyExists, match="overwrite=True"):
        w.workspace.upload(f"{ME}/jobs/score", b"print(3)\n")
    content = base64.b64encode(b"SELECT 1").decode()
    w.workspace.import_(
        f"{ME}/jobs/q", content=content, format=ImportFormat.SOURCE, language=Language.SQL, overwrite=True
    )
    w.workspace.upload(f"{ME}/jobs/conf.json", json.dumps({"a": 1}).encode(), format=ImportFormat.AUTO, overwrite=True)
    listed = [(o.path.rsplit("/", 1)[1], o.object_type.value) for o in w.workspace.list(f"{ME}/jobs")]
    assert listed == [("conf.json", "FILE"), ("q", "NOTEBOOK"), ("score", "NOTEBOOK")]
    assert [o.path for o in w.workspace.list(ME, recursive=True) if o.path.endswith("q")] == [f"{ME}/jobs/q"]
    exported = w.workspace.export(f"{ME}/jobs/q", format=ExportFormat.SOURCE)
    assert base64.b64decode(exported.content) == b"-- Databricks notebook source\nSELECT 1"
    assert json.load(w.workspace.download(f"{ME}/jobs/conf.json")) == {"a": 1}
    with pytest.raises(NotOnThisMachineError, match="as DBC"):
        w.workspace.export(f"{ME}/jobs/q", format=ExportFormat.DBC)
    w.workspace.delete(f"{ME}/jobs/q")
    with pytest.raises(sdk.errors.BadRequest, match="recursive=True"):
        w.workspace.delete(f"{ME}/jobs")
    w.workspace.delete(f"{ME}/jobs", recursive=True)
    assert not (tree / "jobs").exists()
    for folder in (ME, f"{ME}/notebooks"):
        with pytest.raises(ProtectedFolderError, match="folder that the notebook is in"):
            w.workspace.delete(folder, recursive=True)
    with pytest.raises(PathOutsideStoreError):
        w.workspace.upload("/Workspace/../../x", b"x")
    assert (tree / "notebooks" / "train.py").is_file()


def test_files_of_volumes_and_dbfs(w, tree):
    volume = "/Volumes/main/default/raw"
    w.files.create_directory(f"{volume}/landing")
    w.files.upload(f"{volume}/landing/a.csv", io.BytesIO(b"a,b\n1,2\n"), overwrite=True)
    with pytest.raises(sdk.errors.AlreadyExists, match="overwrite=True"):
        w.files.upload(f"{volume}/landing/a.csv", io.BytesIO(b""))
    assert w.files.download(f"{volume}/landing/a.csv").contents.read() == b"a,b\n1,2\n"
    listed = [(e.name, e.is_directory, e.file_size) for e in w.files.list_directory_contents(volume)]
    assert listed == [("landing", True, None)]
    assert w.files.get_metadata(f"{volume}/landing/a.csv").content_length == 8
    w.files.delete(f"{volume}/landing/a.csv")
    w.files.delete_directory(f"{volume}/landing")
    with pytest.raises(sdk.errors.NotFound, match=r"There is no file or folder .*dbutils\.fs\.ls"):
        w.files.download(f"{volume}/landing/a.csv")

    w.dbfs.mkdirs("/FileStore/tables")
    with w.dbfs.open("/FileStore/tables/x.bin", write=True) as f:
        f.write(b"123")
    w.dbfs.put("dbfs:/FileStore/tables/y.txt", contents=base64.b64encode(b"y").decode(), overwrite=True)
    w.dbfs.upload("/FileStore/deep/z.txt", io.BytesIO(b"zz"))
    assert w.dbfs.exists("/FileStore/tables/x.bin")
    assert [(i.path, i.file_size, i.is_dir) for i in w.dbfs.list("/FileStore/tables")] == [
        ("/FileStore/tables/x.bin", 3, False),
        ("/FileStore/tables/y.txt", 1, False),
    ]
    assert next(i.path for i in w.dbfs.list("/FileStore", recursive=True)) == "/FileStore/deep/z.txt"
    assert base64.b64decode(w.dbfs.read("/FileStore/tables/x.bin", offset=1).data) == b"23"
    w.dbfs.move_("/FileStore/tables/x.bin", "/FileStore/tables/moved.bin")
    w.dbfs.delete("/FileStore/deep", recursive=True)
    assert sorted(file.name for file in (tree / ".headwater" / "dbfs").rglob("*") if file.is_file()) == [
        "moved.bin",
        "y.txt",
    ]


def test_there_are_no_jobs_and_what_would_make_one_says_what_to_do(w):
    assert [job for job in w.jobs.list(name="nightly") if job.settings.name == "nightly"] == []
    assert list(w.jobs.list_runs(job_id=1, limit=1)) == []
    with pytest.raises(sdk.errors.NotFound, match="no job 7 here"):
        w.jobs.get(job_id=7)
    for call in (lambda: w.jobs.create(name="nightly"), lambda: w.jobs.run_now(7)):
        with pytest.raises(NotOnThisMachineError, match="headwater notebook run FILE"):
            call()
    with pytest.raises(
        AttributeError, match=r"WorkspaceClient\(\)\.clusters needs a Databricks workspace.*has current_user, dbfs"
    ):
        w.clusters.list()
