"""What stands where, and what is loaded."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "headwater",
    *(f"headwater.{name}" for name in ("features", "lakehouse", "monitoring", "serving", "training")),
)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_exports_a_sorted_menu_of_things_that_are_there(package):
    module = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(set(module.__all__))
    for name in module.__all__:
        assert getattr(module, name) is not None
        documented = getattr(module, name).__doc__
        assert documented, f"{package}.{name} has no docstring"


def test_importing_features_loads_no_tracking_server_no_learner_and_no_spark():
    probe = (
        "import sys, headwater.features; print(sorted({'mlflow', 'sklearn', 'hyperopt', 'pyspark'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_types_are_shipped(package):
    assert ROOT.joinpath(*package.split("."), "py.typed").exists()
