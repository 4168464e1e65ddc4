"""Runs the commands of the chain in a process of their own: ``python -m tests.end_to_end.drill.world``.

The environment says on which store (``HEADWATER_HOME``), and at which point the process and its Java are killed (``DRILL_KILL``,
``command: state``, see :mod:`tests.end_to_end.drill.points`). Each command that is done is written into the store's file
``drill.done``, one a line; each that begins or is done is printed.
"""

from __future__ import annotations

import os
import warnings

from headwater import lakehouse
from tests.end_to_end.drill import points
from tests.end_to_end.drill.project import CHAIN


def main() -> None:
    """Run the commands that are not done yet."""
    warnings.simplefilter("ignore")
    settings = lakehouse.Settings()
    done = settings.home / "drill.done"
    settings.home.mkdir(parents=True, exist_ok=True)
    ready = done.read_text().splitlines() if done.exists() else []
    spark = lakehouse.session()
    to_kill, _, state = os.environ.get("DRILL_KILL", "").partition(": ")
    for name, command in CHAIN.items():
        if name in ready:
            continue
        if name == to_kill:
            points.arm(name, state, settings.home)
        print(f"begin {name}", flush=True)
        command(spark)
        with done.open("a", encoding="utf-8") as file:
            file.write(f"{name}\n")
        print(f"done {name}", flush=True)


if __name__ == "__main__":
    main()
