"""The runtime's version: seen by the notebook's own code, and by nothing else."""

import os

from headwater import lakehouse
from headwater.notebook.outputs import Stream


def _text(done):
    return "".join(output.text for cell in done.cells for output in cell.outputs if isinstance(output, Stream))


def test_the_runtimes_version_is_there_for_the_notebooks_own_code_alone(write, run, tmp_path):
    (tmp_path / "module_of_ours.py").write_text("import os\nseen = os.environ.get('DATABRICKS_RUNTIME_VERSION')\n")
    write("lib/included.py", "def version():\n    return os.environ['DATABRICKS_RUNTIME_VERSION']")
    cells = [
        "import os\nfrom os import environ",
        "# MAGIC %run ./lib/included",
        "name = 'DATABRICKS_RUNTIME_VERSION'",
        "print({os.environ[name], os.environ.get(name), os.getenv(name), environ[name], version()}, name in os.environ)",
        "import module_of_ours\nprint(module_of_ours.seen, name in list(os.environ), os.environ.get('NOT_SET'))",
        "from headwater import lakehouse\nfrom mlflow.utils.databricks_utils import is_in_databricks_runtime",
        "print(lakehouse.on_databricks(), is_in_databricks_runtime())",
        "# MAGIC %sh echo version:$DATABRICKS_RUNTIME_VERSION",
    ]
    before = type(os.environ)
    done = run(write("a.py", *cells)).check()
    assert _text(done) == "{'17.3'} True\nNone False None\nFalse False\nversion:\n"
    assert type(os.environ) is before
    assert not lakehouse.on_databricks()


def test_a_version_that_is_set_is_the_notebooks_too(write, run, monkeypatch):
    cell = (
        "import os\nos.environ['DATABRICKS_RUNTIME_VERSION'] = '16.4'\nprint(os.environ['DATABRICKS_RUNTIME_VERSION'])"
    )
    assert _text(run(write("a.py", cell)).check()) == "16.4\n"
