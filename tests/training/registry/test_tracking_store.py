"""MLflow's database is made as a whole: whoever is killed over it, and however many start at a time, it opens."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
