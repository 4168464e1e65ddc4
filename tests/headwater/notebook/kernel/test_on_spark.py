"""Runs on Spark: SQL cells, paths of readers and writers, MLflow's names, display."""

import pytest

from headwater import lakehouse
from headwater.notebook import run_notebook
from headwater.notebook.outputs import Shown, Stream


@pytest.fixture
def on_spark(spark):
    """Give a function that runs a notebook on the session of all tests and its store."""

    def done(file, params=None, **options):
        return run_notebook(file, params, settings=lakehouse.settings_of(spark), **options)

    return done


def _text(done):
    return "".join(output.text for cell in done.cells for output in cell.outputs if isinstance(output, Stream))


def test_sql_cells_show_each_result_bind_the_last_and_name_the_line_that_fails(write, on_spark, schema):
    cells = [
        f"# MAGIC %sql\n# MAGIC USE {schema};\n# MAGIC CREATE TABLE t (a INT, b STRING);\n# MAGIC INSERT INTO t VALUES (1, 'x;y'), (2, NULL)",
        "# MAGIC %sql\n# MAGIC -- two results; one cell\n# MAGIC SELECT a FROM t WHERE a > :low;\n# MAGIC SELECT b FROM t ORDER BY a",
        "assert [row.b for row in _sqldf.collect()] == ['x;y', None]\nx = %sql SELECT count(*) AS n FROM ${schema}.t\nprint(x.first().n)",
        "# MAGIC %sql\n# MAGIC SELECT 1;\n# MAGIC\n# MAGIC SELECT nothing FROM t",
    ]
    file = write("a.py", *cells)
    catalog = lakehouse.session().catalog
    before = catalog.currentDatabase()
    try:
        done = on_spark(file, {"schema": schema, "low": 1})
    finally:
        catalog.setCurrentDatabase(before)
    shown = [output.data for cell in done.cells for output in cell.outputs if isinstance(output, Shown)]
    assert [data["text/plain"] for data in shown[3:5]] == ["a\n-\n2", "b\n----\nx;y\nnull"]
    assert _text(done) == "2\n"
    line = file.read_text().split("\n").index("# MAGIC SELECT nothing FROM t") + 1
    assert (done.error.number, done.error.line) == (4, line)
    assert "UNRESOLVED_COLUMN" in done.error.cause
    assert "py4j" not in done.error.trace.split("\n")[1]


def test_spark_and_python_meet_in_volumes_and_dbfs(write, on_spark, schema):
    volume = "/Volumes/" + schema.replace(".", "/") + "/files"
    cells = [
        f"volume = {volume!r}\nspark.range(3).write.mode('overwrite').csv(f'{{volume}}/numbers', header=True)",
        "import glob, pandas as pd\npd.concat(pd.read_csv(f) for f in glob.glob(f'{volume}/numbers/*.csv'))['id'].sum()",
        "spark.range(5).write.format('delta').save('/mnt/numbers')\nfrom delta.tables import DeltaTable",
        "n = DeltaTable.forPath(spark, 'dbfs:/mnt/numbers').toDF().count()",
        "m = spark.sql('SELECT * FROM delta.`/mnt/numbers`').count()\nassert spark.read.load('/dbfs/mnt/numbers').count() == n == m == 5",
        "sorted(info.name for info in dbutils.fs.ls('/mnt/numbers'))[0]",
        "dbutils.fs.rm('/mnt/numbers', True), dbutils.fs.rm(volume, True)",
    ]
    done = on_spark(write("a.py", *cells)).check()
    assert done.cells[1].outputs[0].data["text/plain"] in {"3", "np.int64(3)"}
    assert done.cells[5].outputs[0].data["text/plain"] == "'_delta_log/'"


def test_names_of_the_workspace_are_there_and_frames_show_themselves(write, on_spark, spark):
    cells = [
        "from pyspark.dbutils import DBUtils\nfrom databricks.sdk.runtime import *\nassert DBUtils(spark) is dbutils",
        "spark.range(1001).createOrReplaceTempView('many')\ntable('many').display()\ndisplay(sql('SELECT 1 AS one'))",
        "f = udf(lambda x: x + 1, 'int')\nassert sqlContext.sql('SELECT 1 AS a').select(f('a')).first()[0] == 2 and sc is spark.sparkContext",
        "K = 3\n\ndef plus(x):\n    return x + K\n\nassert sc.parallelize([1]).map(plus).collect() == [4]",
    ]
    done = on_spark(write("a.py", *cells)).check()
    many, one = (output.data["text/html"] for output in done.cells[1].outputs)
    assert many.count("<tr>") == 1001
    assert "Only the first 1,000 rows" in many
    assert one.count("<tr>") == 2
    assert not hasattr(spark.range(1), "display")


def test_the_workspaces_registry_and_tracking_are_the_embedded_store(write, on_spark, spark, schema):
    import mlflow

    before = (mlflow.get_tracking_uri(), mlflow.get_registry_uri())
    cells = [
        "import mlflow\nmlflow.set_tracking_uri('databricks')\nmlflow.set_registry_uri('databricks-uc')",
        "mlflow.set_experiment('/Users/me@example.com/a')\nclient = mlflow.MlflowClient(tracking_uri='databricks', registry_uri='databricks-uc')",
        f"name = {schema!r} + '.model'\nclient.create_registered_model(name)\nwith mlflow.start_run(): mlflow.log_metric('a', 1)",
        "assert mlflow.MlflowClient().get_registered_model(name).name == name\nassert len(mlflow.search_runs()) >= 1",
        "with open('/dbfs/tmp/note.txt', 'w') as f: f.write('x')\nmlflow.start_run()\nmlflow.log_artifact('/dbfs/tmp/note.txt')",
        "print(mlflow.get_registry_uri())",
    ]
    done = on_spark(write("a.py", *cells)).check()
    assert _text(done).strip().endswith(lakehouse.settings_of(spark).mlflow_tracking_uri)
    assert mlflow.active_run() is None
    assert (mlflow.get_tracking_uri(), mlflow.get_registry_uri()) == before


def test_models_are_pickled_as_in_a_workspace_since_skops_refuses_many(write, on_spark):
    cells = [
        "import mlflow, numpy as np\nfrom sklearn.ensemble import RandomForestClassifier\nfrom sklearn.impute import SimpleImputer\nfrom sklearn.pipeline import make_pipeline",
        "x, y = np.arange(8.0).reshape(-1, 1), np.arange(8) % 2\nmodel = make_pipeline(SimpleImputer(), RandomForestClassifier(n_estimators=2)).fit(x, y)",
        "with mlflow.start_run():\n    info = mlflow.sklearn.log_model(model, 'model', pip_requirements=['scikit-learn'])",
        "mlflow.pyfunc.load_model(info.model_uri).predict(x).shape",
    ]
    done = on_spark(write("a.py", *cells)).check()
    assert done.cells[3].outputs[-1].data["text/plain"] == "(8,)"


def test_autologging_ends_with_the_notebook_that_began_it(write, on_spark):
    from mlflow.utils.autologging_utils import autologging_is_disabled

    cell = "import mlflow\nfrom mlflow.utils.autologging_utils import autologging_is_disabled\nmlflow.sklearn.autolog()\nprint(autologging_is_disabled('sklearn'))"
    assert _text(on_spark(write("a.py", cell)).check()) == "False\n"
    assert autologging_is_disabled("sklearn")


def test_a_notebook_that_is_run_gives_the_current_schema_back(write, on_spark, schema):
    write("child.py", f"spark.sql('USE {schema}')\nspark.range(2).write.saveAsTable('made_by_child')")
    cells = [
        "before = spark.catalog.currentDatabase()\ndbutils.notebook.run('./child', 100)",
        f"assert spark.catalog.currentDatabase() == before\nassert table('{schema}.made_by_child').count() == 2",
    ]
    on_spark(write("a.py", *cells)).check()


def test_spark_writes_nothing_outside_the_store_unless_the_path_says_file(write, on_spark, tmp_path):
    own = tmp_path / "machine"
    own.mkdir()
    (own / "a.csv").write_text("1\n")
    cells = [
        f"own = {str(own)!r}\ndf = spark.read.csv(own + '/a.csv')\nassert df.count() == 1",
        "df.write.mode('overwrite').option('sep', '/').save(own)\ndf.write.mode('overwrite').csv(path=own + '/b')",
        "df.write.format('delta').option('path', own + '/c').saveAsTable('t_outside')\nspark.sql('DROP TABLE t_outside')",
        "df.write.mode('overwrite').saveAsTable(f'delta.`{own}/d`')\ndf.writeTo(f'delta.`{own}/e`').using('delta').create()",
        "from delta.tables import DeltaTable\nDeltaTable.createOrReplace(spark).location(own + '/f').addColumn('x', 'int').execute()\nDeltaTable.forPath(spark, own + '/f').delete()",
        "spark.sql(f\"INSERT OVERWRITE DIRECTORY '{own}/g' USING csv SELECT 1\")",
        "df.rdd.map(str).saveAsTextFile(own + '/h')\nspark.sparkContext.setCheckpointDir(own + '/i')",
        "q = spark.readStream.format('rate').load().writeStream.option('checkpointLocation', own + '/j').format('memory').queryName('q_outside').start()\nq.stop()",
        "from pyspark.ml.feature import Binarizer\nBinarizer(inputCol='a', outputCol='b').write().overwrite().save(own + '/k')\nBinarizer.load(own + '/k').getInputCol()",
        "df.write.save('relative/x')\nspark.read.load('dbfs:/relative/x').count()",
        "df.write.csv('file:' + own + '/said')",
    ]
    done = on_spark(write("a.py", *cells)).check()
    assert "is read from this machine's disk" in _text(done)
    assert sorted(one.name for one in own.iterdir()) == ["a.csv", "said"]
    assert (own / "a.csv").read_text() == "1\n"
    assert not (tmp_path / "relative").exists()
    for path in ("file:" + str(tmp_path), "dbfs:/", "dbfs:/a/../../x"):
        failed = on_spark(write("b.py", f"spark.range(1).write.mode('overwrite').parquet({path!r})"))
        assert type(failed.error).__name__ == "CellError"
        assert failed.error.cause.startswith(("ProtectedFolderError", "PathOutsideStoreError"))


def test_floats_are_displayed_as_floats_and_a_failed_job_shows_no_java_frames(write, on_spark):
    cells = [
        'display(spark.sql("SELECT CAST(-5.71 AS FLOAT) AS f, array(CAST(0.1 AS FLOAT)) AS a"))',
        "from pyspark.sql.functions import udf\nspark.range(2).select(udf(lambda x: 1 / (x - x))('id')).collect()",
    ]
    done = on_spark(write("a.py", *cells))
    shown = next(output for output in done.cells[0].outputs if isinstance(output, Shown))
    assert shown.data["text/plain"].split("\n")[2] == "-5.71 | [0.1]"
    for text in (done.error.trace, done.error.cause):
        assert "ZeroDivisionError" in text
        assert "\tat " not in text
        assert len(text) < 4000
    calls = write("b.py", "spark._jvm.java.lang.Integer.parseInt('x')")
    failed = on_spark(calls)
    assert "NumberFormatException" in failed.error.cause
    assert "\tat " not in failed.error.cause + failed.error.trace


def test_the_session_answers_what_is_asked_of_a_cluster_and_databricks_connect_gives_it(write, on_spark, spark):
    cells = [
        "from databricks.connect import DatabricksSession\nassert DatabricksSession.builder.profile('x').remote().getOrCreate() is spark",
        "names = ['clusterUsageTags.sparkVersion', 'clusterUsageTags.clusterId', 'clusterUsageTags.clusterName', 'workspaceUrl']",
        "print([spark.conf.get(f'spark.databricks.{name}') for name in names])",
    ]
    done = on_spark(write("a.py", *cells)).check()
    assert _text(done) == "['17.3.x-cpu-ml-scala2.13', 'local', 'local', 'localhost']\n"
    assert spark.conf.get("spark.databricks.workspaceUrl", None) is None
