"""What a benchmark has printed, kept in docs/measured.md: a section for each command, replaced by the command's next run."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
from pathlib import Path

__all__ = ["Printed"]

_DOCUMENT = Path(__file__).parents[1] / "docs" / "measured.md"
_HEAD = """# Measured

Written by the commands named below, each of which runs all that it compares side by side; do not edit. The figures are of one
machine and one run: trust the ratios. The point-in-time join has a document of its own, [benchmarks.md](benchmarks.md).
"""


class Printed:
    """Prints lines and keeps them.

    Parameters
    ----------
    title
        Heading of the section.
    command
        What is run to measure again.
    """

    def __init__(self, title: str, command: str) -> None:
        self._title, self._command = title, command
        self._lines: list[str] = []

    def __call__(self, line: str = "") -> None:
        """Print a line, and keep it."""
        print(line, flush=True)
        self._lines.append(line.rstrip())

    def keep(self, document: Path = _DOCUMENT) -> None:
        """Put the lines into the document, in place of those of the same title."""
        text = document.read_text() if document.exists() else _HEAD
        head, *sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
        cores = os.cpu_count()
        where = f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, {platform.machine()}, {cores} cores"
        lines = "\n".join(self._lines)
        mine = f"## {self._title}\n\n`{self._command}`; {where}.\n\n```text\n{lines}\n```\n\n"
        kept = [one for one in sections if not one.startswith(f"## {self._title}\n")]
        document.write_text("".join([head.rstrip() + "\n\n", *sorted([*kept, mine])]).rstrip() + "\n")
