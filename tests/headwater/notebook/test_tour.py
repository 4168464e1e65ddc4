"""The tour in ``notebooks/`` runs from its first notebook to its last, and can be rendered."""

import re
from pathlib import Path

import lakehouse
from headwater.notebook import run_notebook
from headwater.notebook.write import write_run

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
MAKEFILE = Path(__file__).parents[3] / "Makefile"


def test_the_tour_runs_in_order_and_is_rendered(spark, schema, tmp_path):
    for file in sorted(NOTEBOOKS.glob("[0-9]*.py")):
        done = run_notebook(file, {"schema": schema}, settings=lakehouse.settings_of(spark)).check()
        write_run(done, tmp_path / f"{file.stem}.html")
        assert "</html>" in (tmp_path / f"{file.stem}.html").read_text(), file.name
    scores = spark.table(f"{schema}.inference")
    assert set(scores.columns) >= {"customer", "at", "days_since", "prediction", "model_version", "buys"}


def test_every_notebook_of_the_tour_is_rendered_by_make_docs_and_is_databricks_source():
    files = sorted(NOTEBOOKS.glob("*.py"))
    assert len(files) == 6
    assert all(file.read_text().startswith("# Databricks notebook source\n") for file in files)
    assert re.search(r"^docs:.*\n(\t.*\n)*\t.*notebook run", MAKEFILE.read_text(), re.MULTILINE)
