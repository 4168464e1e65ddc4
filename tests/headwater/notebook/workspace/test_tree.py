"""``/Workspace/…`` in a run: the notebooks' repository, for files, working folders, shells and imports."""

import sys

from headwater.notebook.outputs import Stream


def _text(done):
    return "".join(output.text for cell in done.cells for output in cell.outputs if isinstance(output, Stream))


def _repository(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "lib_of_ours").mkdir()
    (tmp_path / "lib_of_ours" / "helper_of_ours.py").write_text("value = 7\n")
    (tmp_path / "lib_of_ours" / "a.csv").write_text("x\n1\n")


def test_the_folder_of_the_notebooks_path_is_below_workspace_and_modules_import_after_cd(write, run, tmp_path):
    _repository(tmp_path)
    cells = [
        "path = dbutils.notebook.entry_point.getDbutils().notebook().getContext().notebookPath().get()",
        "import os\nhere = '/Workspace' + os.path.dirname(path)\nprint(os.listdir(here) == os.listdir('.'))",
        "%cd {here}/../lib_of_ours",
        "import helper_of_ours\nprint(helper_of_ours.value, os.path.basename(os.getcwd()))",
    ]
    done = run(write("notebooks/a.py", *cells)).check()
    assert _text(done) == "True\n7 lib_of_ours\n"
    assert "helper_of_ours" not in sys.modules


def test_paths_of_a_user_and_of_a_repository_are_the_tree_and_may_stand_on_the_path(write, run, tmp_path):
    _repository(tmp_path)
    hooks, path = list(sys.path_hooks), list(sys.path)
    cells = [
        "import sys, pandas as pd\nprint(pd.read_csv('/Workspace/Users/someone@example.com/lib_of_ours/a.csv').x[0])",
        "sys.path.append('/Workspace/Repos/me/shop/lib_of_ours')\nimport helper_of_ours\nprint(helper_of_ours.value)",
        "open('/Workspace/Shared/made.txt', 'w').write('made'); print(dbutils.fs.head('file:/Workspace/Shared/made.txt'))",
        "# MAGIC %sh cat /Workspace/Shared/made.txt",
    ]
    done = run(write("notebooks/a.py", *cells)).check()
    assert _text(done) == "1\n7\nmade\nmade"
    assert (tmp_path / "made.txt").read_text() == "made"
    assert (sys.path_hooks, sys.path) == (hooks, path)
    assert not [entry for entry in sys.path_importer_cache if entry.startswith("/Workspace")]


def test_a_path_that_leads_out_of_the_tree_and_the_removal_of_the_tree_are_refused(write, run, tmp_path):
    _repository(tmp_path)
    cells = ["open('/Workspace/Users/me/../../../x')"]
    assert "PathOutsideStoreError" in str(run(write("notebooks/a.py", *cells)).error)
    cells = ["dbutils.fs.rm('file:/Workspace/Users/me', True)"]
    assert "ProtectedFolderError" in str(run(write("notebooks/a.py", *cells)).error)
    assert (tmp_path / "lib_of_ours" / "a.csv").exists()
