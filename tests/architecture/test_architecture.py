"""What stands where, and what is loaded."""

import importlib
import pkgutil
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


@pytest.mark.parametrize("package", [*PACKAGES, "headwater.notebook"])
def test_no_exported_name_is_that_of_a_module_that_would_take_its_place(package):
    module = importlib.import_module(package)
    modules = {found.name for found in pkgutil.iter_modules(module.__path__)}
    if "on_demand" in vars(module):
        assert not modules & set(module.__all__)
        assert set(module.__all__) <= set(dir(module))


def test_names_are_loaded_on_demand_and_a_wrong_one_is_an_attribute_error():
    import headwater.features

    with pytest.raises(AttributeError, match="has no attribute 'FeatureLokup'"):
        _ = getattr(headwater.features, "FeatureLokup")  # noqa: B009 - not a name in a text
    with pytest.raises(ImportError, match="FeatureLokup"):
        exec("from headwater.features import FeatureLokup", {})
    probe = "import sys, headwater.features; print(sorted({'numpy', 'pydantic'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout.strip() == "[]"
