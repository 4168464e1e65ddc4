"""The wheel in an environment of its own, in a folder whose packages have the names of ours."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("features", "lakehouse", "monitoring", "serving", "training")

DEFINITIONS = """
import datetime as dt

from headwater.features import AggregationFunction, Avg, DeltaTableSource, Feature, FeatureGroup, FeatureLookup, RollingWindow

RAW = DeltaTableSource(catalog_name="main", schema_name="shop", table_name="sales")
SPENT = Feature(
    source=RAW,
    function=AggregationFunction(Avg("amount"), RollingWindow(window_duration=dt.timedelta(days=3))),
    entity="customer",
    timeseries_column="at",
    name="spent",
)
GROUP = FeatureGroup("main.shop.spent", (SPENT,))
LOOKUP = FeatureLookup("main.shop.spent", "customer", timestamp_lookup_key="at")
"""
PROJECT = """
import datetime as dt

from features import GROUP, LOOKUP
from headwater import Project
from headwater.lakehouse import read_table, sql_time
from headwater.training import Gate, Holdout, SearchPlan, TimeFolds, TrainingPlan, logistic_regression


def rows(spark, start, end):
    sales = read_table(spark, "main.shop.sales")
    return sales.where(f"at >= '{sql_time(start)}' AND at < '{sql_time(end)}'").select("sale", "customer", "at", "pieces")


def outcomes(spark, as_of):
    return read_table(spark, "main.shop.sales").where(f"at < '{sql_time(as_of)}'").select("sale", "returned")


def plan(start, end):
    return TrainingPlan(
        model_name="main.shop.returns",
        label="returned",
        time_column="at",
        holdout=Holdout(start, end),
        exclude=("sale",),
        search=SearchPlan(trials=1, folds=TimeFolds(1), backend="local"),
        families=(logistic_regression(),),
        gate=Gate(),
    )


project = Project(
    name="shop",
    title="Is it returned?",
    groups=(GROUP,),
    lookups=(LOOKUP,),
    spine=rows,
    outcomes=outcomes,
    keys=("sale",),
    time_column="at",
    label="returned",
    exclude=("customer",),
    model_name="main.shop.returns",
    plan=plan,
    tables="main.shop",
)
"""
README_AND_RAW = """
import datetime as dt
import random

import mlflow
import mlflow.sklearn
from sklearn.dummy import DummyClassifier

from headwater import lakehouse, session

spark = session()
day = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
customers = spark.createDataFrame([(1, day, 2.0)], "id long, since timestamp, tier double")
orders = spark.createDataFrame([(1, day, 0), (3, day, 1)], "id long, at timestamp, returned int")
new_orders, model = orders.drop("returned"), DummyClassifier().fit([[0.0]], [1])
__EXAMPLE__
assert sorted(scores.select("id", "prediction").collect()) == [(1, 1.0), (3, 1.0)]

draw = random.Random(1)
sales = [
    (sale, sale % 9, day + dt.timedelta(hours=sale), draw.gauss(0, 1) + (sale % 9), draw.randint(1, 5))
    for sale in range(24 * 28)
]
sales = [(*one, int(one[3] + draw.gauss(0, 1) > 4)) for one in sales]
rows = spark.createDataFrame(sales, "sale long, customer long, at timestamp, amount double, pieces int, returned int")
spark.sql("CREATE SCHEMA IF NOT EXISTS main.shop")
lakehouse.create_table(spark, "main.shop.sales", rows.schema)
lakehouse.append(rows, "main.shop.sales")
"""
NOTEBOOK = """# Databricks notebook source
from databricks.feature_engineering import FeatureEngineeringClient, FeatureLookup
import features, monitoring

# COMMAND ----------

assert monitoring.THEIRS and features.GROUP.table == "main.shop.spent"
dbutils.notebook.exit(FeatureEngineeringClient().get_table(name="main.shop.spent").name)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_a_wheel_and_an_archive_hold_one_package(wheel, tmp_path):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"headwater"}
    assert {f"headwater/{package}/__init__.py" for package in OURS} <= names
    assert {"headwater/py.typed", "headwater/lakehouse/runtime/jars.txt", "headwater/web/report/style.css"} <= names
    (archive,) = wheel.parent.glob("*.tar.gz")
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(tmp_path)], check=True)
    (source,) = tmp_path.iterdir()
    again = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "again")]
    subprocess.run(again, cwd=source, check=True, capture_output=True)
    (rebuilt,) = (tmp_path / "again").glob("*.whl")
    assert set(zipfile.ZipFile(rebuilt).namelist()) == names


@pytest.mark.slow
def test_the_wheel_works_beside_a_users_packages_of_the_same_names(wheel, tmp_path):
    python = _environment(tmp_path / "env", wheel)
    project = tmp_path / "project"
    for package in OURS:
        (project / package).mkdir(parents=True)
        (project / package / "__init__.py").write_text("THEIRS = True\n")
    (project / "features" / "__init__.py").write_text(DEFINITIONS)
    (project / "training" / "__init__.py").write_text(PROJECT)
    (project / "notebook.py").write_text(NOTEBOOK)
    settings = {"project": "training", "master": "local[2]", "driver_memory": "1g", "shuffle_partitions": 2}
    (project / "headwater.toml").write_text(
        "\n".join(f"{name} = {json.dumps(value)}" for name, value in settings.items())
    )
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    (project / "first.py").write_text(README_AND_RAW.replace("__EXAMPLE__", example))

    def run(*arguments, code=0):
        done = subprocess.run(
            [str(python), *arguments],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=_variables(),
        )
        assert done.returncode == code, f"{arguments}: {done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    where = "import headwater, headwater.features as f; f.FeatureLookup; print(headwater.__file__, f.__file__)"
    assert all(file.startswith(str(tmp_path / "env")) for file in run("-c", where).split())
    run("first.py")
    week = ("--start", "2024-01-01", "--end", "2024-01-29")
    assert "materialize:" in run("-m", "headwater", "materialize", *week)
    assert "main.shop.returns version 1" in run("-m", "headwater", "train", "--holdout", "2024-01-22", *week)
    assert "version 1" in run("-m", "headwater", "score", "--start", "2024-01-26", "--end", "2024-01-29")
    load = (
        "import mlflow; from headwater import Settings\n"
        "mlflow.set_tracking_uri(Settings().mlflow_tracking_uri)\n"
        "print(type(mlflow.pyfunc.load_model('models:/main.shop.returns/1')).__name__)"
    )
    assert run("-c", load).strip().endswith("PyFuncModel")
    assert "main.shop.spent" in run("-m", "headwater", "notebook", "run", "notebook.py", "--out", "executed.html")
    assert "main.shop.spent" in (project / "executed.html").read_text()


def _environment(folder, wheel):
    """Make an environment with the wheel, whose other packages are the running one's; return its Python."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    where = [str(python), "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]
    packages = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", packages]
    subprocess.run([*install, str(wheel)], check=True)
    # As a path of Python's: .pth files that lie in it do not count, so the checkout stays out.
    (Path(packages) / "others.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    jars = Path(sys.prefix) / "share" / "headwater"
    if jars.is_dir():
        (folder / "share").mkdir(exist_ok=True)
        (folder / "share" / "headwater").symlink_to(jars)
    return python


def _variables():
    ours = ("HEADWATER_", "PYTHONPATH", "SPARK_", "MLFLOW_", "PYSPARK_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
