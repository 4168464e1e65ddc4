"""Notebooks in the form of the public tutorials run from their first cell to the last."""

from pathlib import Path

import pytest

from headwater import lakehouse
from headwater.notebook import run_notebook

TUTORIALS = Path(__file__).parent / "tutorials"


@pytest.mark.parametrize("file", sorted(TUTORIALS.glob("[0-9]*")), ids=lambda file: file.stem)
def test_a_tutorial_runs(file, spark, schema):
    done = run_notebook(file, {"schema": schema}, settings=lakehouse.settings_of(spark)).check()
    assert len(done.cells) == len(done.notebook.cells)
