"""MLflow's database is made as a whole: whoever is killed over it, and however many start at a time, it opens."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
