"""The tour in notebooks/ runs from its first cell to its last, in its order, each part on what the one before left."""

import uuid
from pathlib import Path

import pytest

from headwater import lakehouse
from headwater.notebook import run_notebook

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="module")
def tour(spark):
    """Give the schema that the whole tour shares."""
    name = f"main.tour_{uuid.uuid4().hex[:6]}"
    yield name
    spark.sql(f"DROP SCHEMA IF EXISTS {name} CASCADE")


@pytest.mark.parametrize("file", sorted(NOTEBOOKS.glob("0[1-9]_*.py")), ids=lambda file: file.stem)
def test_each_part_of_the_tour_runs(file, spark, tour):
    done = run_notebook(file, {"schema": tour}, settings=lakehouse.settings_of(spark)).check()
    assert len(done.cells) == len(done.notebook.cells) or done.exit_value
