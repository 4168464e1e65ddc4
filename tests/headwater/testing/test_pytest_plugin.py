"""The pytest plugin, in a pytest of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from headwater.testing.pytest_plugin import assert_frames_equal

ROOT = Path(__file__).parents[3]


def _pytest(folder, *arguments):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "headwater.testing.pytest_plugin",
        "-p",
        "no:cacheprovider",
        *arguments,
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=env, check=False, timeout=300)


def test_notebooks_are_tests_and_a_failure_is_the_notebooks_own(write, tmp_path):
    write("nb/good.py", "dbutils.widgets.text('a', 'b')")
    write("nb/bad.py", "def f():\n    return 1 / 0", "f()")
    write("nb/_resources/part.py", "1 / 0")
    (tmp_path / "nb" / "plain.py").write_text("raise SystemExit\n")
    said = _pytest(tmp_path, "--headwater-notebooks", "nb")
    assert said.returncode == 1
    assert "1 failed, 1 passed" in said.stdout
    assert "bad.py: cell 2, line 7: ZeroDivisionError: division by zero" in said.stdout
    assert "return 1 / 0" in said.stdout
    assert "_pytest" not in said.stdout
    assert "headwater/notebook" not in said.stdout
    assert not (tmp_path / ".headwater").exists()
    assert _pytest(tmp_path, "--headwater-notebooks", "nowhere").returncode == 4


def test_the_plugin_alone_loads_nothing_heavy():
    probe = "import sys, headwater.testing.pytest_plugin; print([m for m in ('pyspark', 'mlflow', 'pandas', 'sklearn', 'nbformat') if m in sys.modules])"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=env)
    assert said.stdout.strip() == "[]"


@pytest.mark.slow
def test_the_fixtures_give_an_isolated_store(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        """
import pytest
from headwater import FeatureLookup

@pytest.mark.parametrize("again", [1, 2])
def test_features(feature_store, headwater_spark, again):
    df = headwater_spark.createDataFrame([(1, 2.0)], "id long, x double")
    made = feature_store.create_table(name="mine", primary_keys="id", df=df)
    feature_store.create_table(name="main.other.mine", primary_keys="id", df=df)
    labels = headwater_spark.createDataFrame([(1, 0), (2, 1)], "id long, y int")
    found = feature_store.create_training_set(df=labels, feature_lookups=[FeatureLookup("mine", "id")], label="y").load_df()
    from headwater.testing.pytest_plugin import assert_frames_equal
    assert_frames_equal(found, headwater_spark.createDataFrame([(2, None, 1), (1, 2.0, 0)], "id long, x double, y int"))

def test_nothing_is_left(headwater_spark):
    assert [row[0] for row in headwater_spark.sql("SHOW SCHEMAS").collect()] == ["default"]
"""
    )
    said = _pytest(tmp_path, "-q")
    assert "3 passed" in said.stdout, said.stdout[-3000:]
    assert not (tmp_path / ".headwater").exists()


def test_equal_frames_may_differ_in_order_and_type_alone():
    left = pd.DataFrame({"a": [1, 2, 2], "b": ["x", None, "y"], "c": [0.1 + 0.2, float("nan"), 1.0]})
    right = pd.DataFrame({"c": [1.0, 0.3, None], "b": ["y", "x", None], "a": [2.0, 1.0, 2.0]})
    assert_frames_equal(left, right)
    with pytest.raises(AssertionError, match="Columns differ"):
        assert_frames_equal(left, right, any_column_order=False)
    with pytest.raises(AssertionError, match="The frames differ"):
        assert_frames_equal(left, left[::-1], any_order=False)
    with pytest.raises(AssertionError, match="Rows differ in number: 3 and 2"):
        assert_frames_equal(left, left[:2])
    with pytest.raises(AssertionError, match="The frames differ"):
        assert_frames_equal(left, left.assign(b="x"))
    with pytest.raises(TypeError, match="found list"):
        assert_frames_equal([1], left)
