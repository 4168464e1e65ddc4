"""The command line: what it says, and its exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def _run(*arguments, cwd, **environment):
    import os

    command = [sys.executable, "-m", "headwater", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, check=False, timeout=300)


def test_help_names_the_jobs_and_starts_no_spark(tmp_path):
    said = _run("--help", cwd=tmp_path)
    assert said.returncode == 0
    assert all(name in said.stdout for name in ("materialize", "train", "score", "label", "monitor", "report", "ui"))
    assert not list(tmp_path.iterdir())
    heavy = ("pyspark", "mlflow", "sklearn", "typer", "rich", "numpy", "pydantic")
    probe = f"import sys, headwater.cli.main; print(sorted({set(heavy)} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=ROOT)
    assert loaded.stdout.strip() == "[]"


def test_wrong_usage_is_2(tmp_path):
    assert _run("score", "--start", "yesterday", "--end", "2013-01-01", cwd=tmp_path).returncode == 2
    assert _run("scroe", cwd=tmp_path).returncode == 2
    none = _run(cwd=tmp_path)
    assert (none.returncode, "materialize" in none.stdout) == (2, True)


def test_a_time_of_another_zone_is_taken_as_utc():
    from headwater.cli.main import make_parser

    days = ["--start", "2013-01-01T00:00:00-05:00", "--end", "2013-01-02"]
    given = make_parser().parse_args(["score", *days])
    assert [given.start.isoformat(), given.end.isoformat()] == [
        "2013-01-01T05:00:00+00:00",
        "2013-01-02T00:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "There is no project ''"),
        (("--project", "no.such.module"), "There is no project 'no.such.module': No module named 'no'"),
        (("--project", "json"), "json has no Project named 'project'"),
    ],
)
def test_a_project_that_is_not_there_is_one_sentence_and_1(tmp_path, arguments, sentence):
    said = _run("score", "--start", "2013-01-01", "--end", "2013-01-02", *arguments, cwd=tmp_path)
    assert said.returncode == 1
    assert sentence in said.stderr
    assert "Traceback" not in said.stderr


def test_an_empty_interval_of_a_job_is_1_with_its_reason(tmp_path, home):
    days = ("--start", "2013-01-02", "--end", "2013-01-02", "--project", "examples.flights.project")
    said = _run("materialize", *days, cwd=tmp_path, HEADWATER_HOME=home)
    assert said.returncode == 1
    assert "The interval for main.flights" in said.stderr
    assert "is empty: start" in said.stderr
    assert "Traceback" not in said.stderr


def test_the_settings_come_from_file_environment_and_arguments_the_later_wins(tmp_path, monkeypatch):
    from headwater.lakehouse import Settings

    monkeypatch.chdir(tmp_path)
    (tmp_path / "headwater.toml").write_text('catalog = "fromfile"\nmaster = "local[3]"\n[spark]\n"spark.x" = "1"\n')
    monkeypatch.setenv("HEADWATER_MASTER", "local[5]")
    settings = Settings(default_schema="s")
    assert (settings.catalog, settings.master, settings.default_schema) == ("fromfile", "local[5]", "s")
    assert settings.spark == {"spark.x": "1"}
    assert settings.home == tmp_path / ".headwater"
    (tmp_path / "headwater.toml").write_text("catalgo = 1\n")
    with pytest.raises(ValueError, match="catalgo"):
        Settings()
