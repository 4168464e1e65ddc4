"""A module that is missing after its installation was skipped."""

import tomllib
from pathlib import Path

from headwater.notebook.kernel import missing_modules
from headwater.notebook.kernel.missing_modules import missing_module_hint


def _missing(name):
    return ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_the_error_of_a_run_names_the_skipped_installation(write, run):
    done = run(write("a.py", "%pip install -q no-such-package==2 other", "import no_such_package.part"))
    for text in (str(done.error), done.error.trace, done.cells[1].outputs[-1].message):
        assert "`%pip install -q no-such-package==2 other` was not done: run the notebook with --install" in text
    assert "was not done" not in str(run(write("b.py", "import no_such_package")).error)


def test_a_package_of_another_name_names_all_skipped_calls_and_other_errors_none():
    skipped = ["install scikit-learn", "install -r requirements.txt", "uninstall x"]
    hint = missing_module_hint(_missing("sklearn.base"), skipped)
    assert hint.startswith("`%pip install scikit-learn`, `%pip install -r requirements.txt` were not done")
    assert missing_module_hint(ValueError("x"), skipped) == ""
    assert missing_module_hint(_missing("x"), []) == ""


def test_what_ml_runtimes_have_is_in_the_extra_of_that_name():
    assert "pip install 'headwater[ml]'" in missing_module_hint(_missing("xgboost"), [])
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())
    extra = {package.partition(">")[0] for package in project["project"]["optional-dependencies"]["ml"]}
    assert extra == set(missing_modules._ML_RUNTIME.values())
