"""Notebooks in the form of the public tutorials run from their first cell to the last."""

from pathlib import Path

import pytest

import lakehouse
from headwater.notebook import run_notebook

TUTORIALS = Path(__file__).parent / "tutorials"
WAITING = {"06_legacy_client.py": "FeatureStoreClient is not there yet"}


def _case(file):
    reason = WAITING.get(file.name)
    return pytest.param(file, id=file.stem, marks=pytest.mark.xfail(strict=True, reason=reason) if reason else ())


@pytest.mark.parametrize("file", [_case(file) for file in sorted(TUTORIALS.glob("[0-9]*"))])
def test_a_tutorial_runs(file, spark, schema):
    done = run_notebook(file, {"schema": schema}, settings=lakehouse.settings_of(spark)).check()
    assert len(done.cells) == len(done.notebook.cells)
