"""MLflow's database is made as a whole: whoever is killed over it, and however many start at a time, it opens."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic import command
from mlflow.store.db.utils import _get_alembic_config

from headwater.cli.main import main
from headwater.lakehouse import Settings
from headwater.training import TrackingStoreError
from headwater.training.registry.tracking import client_of, start_run

ROOT = Path(__file__).parents[3]
OPEN = (
    "from lakehouse import Settings; from headwater.training.registry.tracking import client_of; "
    "print([e.artifact_location for e in client_of(Settings()).search_experiments()])"
)


def _start(home):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HEADWATER_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, "-c", OPEN], env=env, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_a_store_opens_after_a_kill_in_its_migration_and_for_several_processes_at_once(tmp_path):
    killed = _start(tmp_path)
    fresh = tmp_path / "mlflow.db.new"
    while not (fresh.exists() and fresh.stat().st_size > 0):
        assert killed.poll() is None, killed.stderr.read()
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (tmp_path / "mlflow.db").exists()
    for process in [_start(tmp_path) for _ in range(3)]:
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, err[-2000:]
        assert out.strip() == f"['{(tmp_path / 'artifacts').as_uri()}/0']"
    assert [path.name for path in tmp_path.glob("mlflow*")] == ["mlflow.db"]


TRAIN = (
    "import sys, time; from lakehouse import Settings; from headwater.training.registry.tracking import client_of, start_run\n"
    "with start_run(Settings(), 'killed', name='first') as run:\n"
    "    client_of(Settings()).create_run(run.info.experiment_id, tags={'mlflow.parentRunId': run.info.run_id})\n"
    "    print(run.info.run_id, flush=True)\n"
    "    time.sleep(600)\n"
)


def test_a_run_whose_process_was_killed_is_ended_by_the_next_one(store):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HEADWATER_HOME": str(store.home)}
    with subprocess.Popen([sys.executable, "-c", TRAIN], env=env, stdout=subprocess.PIPE, text=True) as process:
        run_id = process.stdout.readline().strip()
        with start_run(store, "killed", name="beside it") as beside:
            pass
        client = client_of(store)
        assert client.get_run(run_id).info.status == "RUNNING"
        process.kill()
    with start_run(store, "killed", name="next") as after:
        found = {run.info.run_id: run.info.status for run in client.search_runs([after.info.experiment_id])}
    assert found.pop(run_id) == "KILLED"
    assert found.pop(beside.info.run_id) == "FINISHED"
    assert found.pop(after.info.run_id) == "RUNNING"
    assert list(found.values()) == ["KILLED"]  # the nested one
    assert client.get_run(after.info.run_id).info.status == "FINISHED"


# Makes a database as MLflow does it by itself, and is killed before the n-th step of its migration.
HALF = """
import os, signal, sys
from alembic.runtime.migration import HeadMaintainer
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

real, steps = HeadMaintainer.update_to_step, 0
def update_to_step(self, step):
    global steps
    steps += 1
    if steps == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, step)
HeadMaintainer.update_to_step = update_to_step
SqlAlchemyStore(f"sqlite:///{sys.argv[1]}", "/nowhere")
print(steps)
"""


def _half_made(home, step):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", HALF, str(home / "mlflow.db"), str(step)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def test_a_database_that_an_earlier_version_left_half_made_is_made_anew_and_set_aside(tmp_path, caplog):
    _half_made(tmp_path, 1)
    assert [e.name for e in client_of(Settings(home=tmp_path)).search_experiments()] == ["Default"]
    assert [file.name.partition("-")[0] for file in (tmp_path / "set-aside").iterdir()] == ["mlflow.db"]
    assert "was half made and held nothing" in caplog.text


def test_a_database_of_an_earlier_mlflow_keeps_what_it_holds(tmp_path):
    client_of(Settings(home=tmp_path)).create_registered_model("kept")
    url = f"sqlite:///{tmp_path / 'mlflow.db'}"
    command.downgrade(_get_alembic_config(url), "-1")  # as the version of MLflow before had it
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HEADWATER_HOME": str(tmp_path)}
    models = OPEN.replace("e.artifact_location for e", "m.name for m").replace(
        "search_experiments", "search_registered_models"
    )
    done = subprocess.run(
        [sys.executable, "-c", models], env=env, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['kept']"
    assert sorted(file.name for file in tmp_path.glob("mlflow*")) == ["mlflow.db"]


def test_a_database_that_was_left_in_the_middle_of_a_step_and_holds_something_is_named_and_left(tmp_path):
    steps = _half_made(tmp_path, 10**6)
    (tmp_path / "mlflow.db").unlink()
    _half_made(tmp_path, steps)  # all steps are taken, and the last one is not noted
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("INSERT INTO registered_models (name, creation_time) VALUES ('kept', 0)")
        database.commit()
    before = (tmp_path / "mlflow.db").read_bytes()
    with pytest.raises(TrackingStoreError, match=r"mlflow.db cannot be opened \(Detected out-of-date database schema"):
        client_of(Settings(home=tmp_path))
    assert (tmp_path / "mlflow.db").read_bytes() == before
    assert sorted(file.name for file in tmp_path.glob("mlflow*")) == ["mlflow.db"]


def test_a_file_that_is_no_database_is_named_in_one_sentence_and_left(tmp_path, monkeypatch, capsys):
    (tmp_path / "mlflow.db").write_text("no database, " * 100)
    with pytest.raises(
        TrackingStoreError, match=r"mlflow.db cannot be opened \(.*not a database.*move it to another place"
    ):
        client_of(Settings(home=tmp_path))
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path))
    with pytest.raises(SystemExit, match="1"):
        main(["doctor"])
    assert "cannot be opened" in capsys.readouterr().out
    assert (tmp_path / "mlflow.db").read_text().startswith("no database")
    assert sorted(file.name for file in tmp_path.glob("mlflow*")) == ["mlflow.db"]
