"""Programs that a notebook starts: ``%sh`` cells, ``!command`` and ``%pip``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from headwater.notebook.errors import ShellError
from headwater.notebook.outputs import Recorder
from headwater.notebook.workspace.paths import Places

__all__ = ["pip", "shell"]

_PATH = re.compile(r"(?<![\w/.])(?:dbfs:|/dbfs|/Volumes|/Workspace)/[^\s'\";|&<>()]*")
_STRICT = re.compile(r"\s*(-[eux]+)(?:[ \t]+|\n)")
_INSTALLS = {"download", "install", "uninstall"}


def shell(recorder: Recorder, places: Places, command: str, *, check: bool) -> int:
    """Run a command in bash (or sh), put out what it writes as it comes, and return its exit code.

    Words that begin with ``/Volumes/``, ``/Workspace/``, ``/dbfs/`` or ``dbfs:/`` become the local paths; ``-e`` at the head
    ends a script at the first command that fails.

    Raises
    ------
    ShellError
        With `check`, if the code is not 0.
    """
    found = _STRICT.match(command)
    flag, script = (found[1], command[found.end() :]) if found else ("", command)
    local = _PATH.sub(lambda match: _local(places, match[0]), script)
    program = [shutil.which("bash") or "/bin/sh", *([flag] if flag else []), "-c", local]
    code = _run(recorder, program)
    if check and code:
        raise ShellError(script, code)
    return code


def pip(recorder: Recorder, arguments: Sequence[str], *, install: bool) -> bool:
    """Run pip for this interpreter; say whether it ran: what would change the environment is only shown unless `install`.

    Raises
    ------
    ShellError
        If pip fails.
    """
    said = " ".join(arguments)
    if _INSTALLS & set(arguments) and not install:
        recorder.write("stdout", f"Not done without --install: pip {said}\n")
        return False
    code = _run(recorder, [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments])
    if code:
        raise ShellError(f"pip {said}", code)
    return True


def _local(places: Places, path: str) -> str:
    local = places.of_python(path)
    if root := places.root_to_make(local):
        Path(root).mkdir(parents=True, exist_ok=True)
    return local


def _run(recorder: Recorder, program: Sequence[str]) -> int:
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            recorder.write("stdout", line)
    return process.returncode
