"""Runs line magics, which `magics` has made calls of."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from headwater.lakehouse import known
from headwater.notebook.errors import UnsupportedMagicError
from headwater.notebook.kernel.shell import pip, shell
from headwater.notebook.reading.magics import run_arguments
from headwater.notebook.signals import PythonRestart

if TYPE_CHECKING:
    from headwater.notebook.kernel.runner import Run

__all__ = ["line_magic"]

# What only concerns an interactive session.
_IGNORED = frozenset(
    [
        "alias",
        "autoreload",
        "autosave",
        "capture",
        "colors",
        "config",
        "doctest_mode",
        "load_ext",
        "matplotlib",
        "pdb",
        "pprint",
        "precision",
        "prun",
        "reload_ext",
        "tensorboard",
        "unload_ext",
        "who",
        "who_ls",
        "whos",
        "xmode",
    ]
)


def line_magic(run: Run, name: str, rest: str) -> Any:
    """Run one line magic; a shell's output is returned as lines if it is assigned to a name.

    Raises
    ------
    UnsupportedMagicError
        If there is no such magic; the error names those there are.
    """
    name = name.lstrip("%")
    if name in _IGNORED:
        return None
    if name == "!=":
        return _captured(run, _expanded(run, rest))
    magic = _MAGICS.get(name)
    if magic is None:
        raise UnsupportedMagicError(f"%{name}", known(name, [*_MAGICS, *_IGNORED]))
    return magic(run, rest)


def _bang(run: Run, rest: str) -> None:
    found = re.match(r"(?:\S*python3? -m )?pip3?\s+(.*)$", rest)
    if found:
        _pip(run, found[1])
    else:
        shell(run.recorder, run.host.places, _expanded(run, rest), check=False)


def _sh(run: Run, rest: str) -> None:
    shell(run.recorder, run.host.places, rest, check=True)


def _captured(run: Run, command: str) -> list[str]:
    from headwater.notebook.outputs import Recorder, Stream

    quiet = Recorder()
    shell(quiet, run.host.places, command, check=False)
    return [line for output in quiet.taken() if isinstance(output, Stream) for line in output.text.splitlines()]


def _pip(run: Run, rest: str) -> None:
    pip(run.recorder, shlex.split(_expanded(run, rest), comments=True), install=run.host.install)


def _run(run: Run, rest: str) -> None:
    path, params = run_arguments(re.sub(r"\s#.*$", "", rest))
    run.include(path, params)


def _sql(run: Run, rest: str) -> Any:
    if not rest.strip():
        raise UnsupportedMagicError("%sql", "it must begin its cell.")
    return run.sql(rest, show=False)


def _env(run: Run, rest: str) -> Any:
    name, equals, value = rest.replace(" ", "=", 1).partition("=") if "=" not in rest else rest.partition("=")
    if not equals:
        return os.environ.get(name.strip())
    os.environ[name.strip()] = _expanded(run, value.strip())
    return None


def _restart(run: Run, rest: str) -> None:
    del run, rest
    raise PythonRestart


def _reset(run: Run, rest: str) -> None:
    del rest
    run.reset()


def _conda(run: Run, rest: str) -> None:
    del run, rest
    raise UnsupportedMagicError("%conda", "use %pip.")


def _expanded(run: Run, text: str) -> str:
    """Return the text with ``{expression}`` and ``$name`` of the notebook's variables replaced, as IPython does."""

    def value(match: re.Match[str]) -> str:
        try:
            return str(eval(match[1], run.namespace))  # noqa: S307 - the notebook's own code
        except Exception:  # noqa: BLE001 - what is no expression of the notebook's is the shell's
            return match[0]

    text = re.sub(r"(?<!\$)\{([^{}]+)\}", value, text)
    return re.sub(r"\$(\w+)", lambda match: str(run.namespace.get(match[1], match[0])), text)


_MAGICS: dict[str, Callable[[Run, str], Any]] = {
    "!": _bang,
    "!!": _bang,
    "cd": lambda run, rest: os.chdir(os.path.expanduser(_expanded(run, rest.strip("\"'")) or "~")),  # noqa: PTH111
    "conda": _conda,
    "env": _env,
    "fs": lambda run, rest: run.file_command(rest),
    "md": lambda _run, _rest: None,
    "pip": _pip,
    "pwd": lambda _run, _rest: os.getcwd(),  # noqa: PTH109
    "reset": _reset,
    "restart_python": _restart,
    "run": _run,
    "set_env": _env,
    "sh": _sh,
    "sql": _sql,
    "system": _bang,
}
