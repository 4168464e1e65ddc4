"""Scratch files of processes that are gone do not stay."""

import os
import subprocess
import sys

from headwater.lakehouse.scratch import remove_left_scratch


def test_files_of_a_killed_process_are_removed_and_those_of_a_running_one_stay(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as gone:
        for pid in (gone.pid, os.getpid()):
            (tmp_path / "scratch" / str(pid)).mkdir(parents=True)
            (tmp_path / "scratch" / str(pid) / "0.parquet").touch()
        remove_left_scratch(tmp_path)
        assert len(list((tmp_path / "scratch").iterdir())) == 2
        gone.terminate()
    remove_left_scratch(tmp_path)
    assert [folder.name for folder in (tmp_path / "scratch").iterdir()] == [str(os.getpid())]
