"""Writes notebooks for tests, and keeps the tutorials from being taken for test modules."""

import textwrap

import pytest

collect_ignore_glob = ["notebook/tutorials/*"]


@pytest.fixture
def write(tmp_path):
    """Give a function that writes a source notebook of cells and returns its file."""

    def written(name, *cells):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        text = "\n\n# COMMAND ----------\n\n".join(textwrap.dedent(cell).strip("\n") for cell in cells)
        file.write_text(f"# Databricks notebook source\n{text}\n")
        return file

    return written


@pytest.fixture
def run(tmp_path):
    """Give a function that runs a notebook on a store of the test's own, without Spark unless it asks for it."""
    from headwater.lakehouse import Settings
    from headwater.notebook import run_notebook

    def done(file, params=None, **options):
        return run_notebook(file, params, settings=Settings(home=tmp_path / ".headwater"), **options)

    return done
