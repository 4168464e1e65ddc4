"""Every job is a command, with its options; the session that it gets is a notebook's."""

import inspect
import subprocess
import sys

import pytest

from headwater.cli.main import main
from headwater.jobs.registry import all_jobs


@pytest.mark.parametrize("job", all_jobs().values(), ids=all_jobs())
def test_a_job_is_a_command_with_its_options(job, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("HEADWATER_PROJECT", raising=False)
    with pytest.raises(SystemExit) as ended:
        main([job.name, "--help"])
    said = capsys.readouterr().out
    assert ended.value.code == 0
    assert job.help.partition("; ")[0][:40] in said
    for option in job.options:
        assert f"--{option.name.replace('_', '-')}" in said
    with pytest.raises(SystemExit) as missing:
        main([job.name])
    assert missing.value.code == (2 if any(option.default is None for option in job.options) else 1)


@pytest.mark.parametrize("job", all_jobs().values(), ids=all_jobs())
def test_a_jobs_options_are_arguments_of_what_runs_it(job):
    signature = inspect.signature(job.run)
    signature.bind(None, None, **{option.name: None for option in job.options})
    assert job.name == job.name.strip().lower()


def test_reading_the_jobs_loads_no_spark_and_no_numpy():
    probe = (
        "import sys; from headwater.jobs.registry import all_jobs; all_jobs()\n"
        "print(sorted({'numpy', 'pyspark', 'pydantic', 'mlflow'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_command_lines_session_knows_the_functions_of_the_catalog(spark, schema):
    from headwater.cli.main import _session
    from headwater.sql import uninstall

    try:
        session = _session()
        name = f"{schema}.plus_one"
        session.sql(f"CREATE FUNCTION {name}(x INT) RETURNS INT LANGUAGE PYTHON AS $$ return x + 1 $$")
        assert session.sql(f"SELECT {name}(2) AS x").first()["x"] == 3
    finally:
        uninstall(spark)
