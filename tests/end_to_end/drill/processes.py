"""Starts the chain in a process of its own, and kills it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Ended", "run_chain"]

ROOT = Path(__file__).parents[3]
_MOST_SECONDS = 600


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, the commands that it had done by then with their seconds, the end of its output."""

    code: int
    done: list[str]
    seconds: dict[str, float]
    said: str

    @property
    def killed(self) -> bool:
        """Say whether a kill ended it."""
        return self.code == -signal.SIGKILL


def run_chain(
    home: Path,
    *,
    point: tuple[str, str] | None = None,
    after: tuple[str, float] | None = None,
    with_java: bool = True,
) -> Ended:
    """Run the commands that are left, and kill the process at a point, or some seconds after a command has begun.

    Parameters
    ----------
    after
        The command and the seconds.
    with_java
        False: Python alone is killed, and Java goes on until it notices.
    """
    environment = {
        **os.environ,
        "HEADWATER_HOME": str(home),
        "HEADWATER_MASTER": "local[2]",
        "HEADWATER_DRIVER_MEMORY": "1g",
        "HEADWATER_SHUFFLE_PARTITIONS": "2",
        "PYTHONPATH": str(ROOT),
        "DRILL_KILL": ": ".join(point or ()),
    }
    home.mkdir(parents=True, exist_ok=True)
    log = home.parent / f"{home.name}.log"
    with log.open("ab") as output:
        began = output.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.end_to_end.drill.world"],
            env=environment,
            cwd=home.parent,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
        timers = [threading.Timer(_MOST_SECONDS, _kill, (process.pid,))]
        timers[0].start()
        done: list[str] = []
        seconds: dict[str, float] = {}
        command, wait = after or ("", 0.0)

        def listen() -> None:
            assert process.stdout is not None
            with process.stdout:
                began = time.monotonic()
                for line in process.stdout:
                    word, _, name = line.strip().partition(" ")
                    if word == "done":
                        done.append(name)
                        seconds[name] = time.monotonic() - began
                    elif word == "begin":
                        began = time.monotonic()
                        if name == command:
                            timers.append(threading.Timer(wait, _kill if with_java else _kill_python, (process.pid,)))
                            timers[-1].start()

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        code = process.wait()
        listener.join(1)  # a Java that lives on keeps the pipe open
        for timer in timers:
            timer.cancel()
    with contextlib.suppress(ProcessLookupError):
        if code and with_java:
            os.killpg(process.pid, signal.SIGKILL)  # a Java that has outlived its Python
    if with_java:
        listener.join()  # and closes the pipe, which nobody holds any more
    return Ended(code, done, seconds, log.read_bytes()[began:].decode(errors="replace")[-3000:])


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _kill_python(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
