"""Runs line magics, which `magics` has made calls of."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from typing import Any

from headwater.lakehouse import known
from headwater.notebook.errors import UnsupportedMagicError
from headwater.notebook.kernel.cell import Kernel
from headwater.notebook.kernel.shell import pip, shell
from headwater.notebook.reading.magics import run_arguments
from headwater.notebook.signals import PythonRestart

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


def line_magic(kernel: Kernel, name: str, rest: str) -> Any:
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
        return _captured(kernel, _expanded(kernel, rest))
    magic = _MAGICS.get(name)
    if magic is None:
        raise UnsupportedMagicError(f"%{name}", known(name, [*_MAGICS, *_IGNORED]))
    return magic(kernel, rest)


def _bang(kernel: Kernel, rest: str) -> None:
    found = re.match(r"(?:\S*python3? -m )?pip3?\s+(.*)$", rest)
    if found:
        _pip(kernel, found[1])
    else:
        shell(kernel.recorder, kernel.places, _expanded(kernel, rest), check=False)


def _sh(kernel: Kernel, rest: str) -> None:
    shell(kernel.recorder, kernel.places, rest, check=True)


def _captured(kernel: Kernel, command: str) -> list[str]:
    from headwater.notebook.outputs import Recorder, Stream

    quiet = Recorder()
    shell(quiet, kernel.places, command, check=False)
    return [line for output in quiet.taken() if isinstance(output, Stream) for line in output.text.splitlines()]


def _pip(kernel: Kernel, rest: str) -> None:
    arguments = shlex.split(_expanded(kernel, rest), comments=True)
    if not pip(kernel.recorder, arguments, install=kernel.install):
        kernel.skipped_installs.append(" ".join(arguments))


def _run(kernel: Kernel, rest: str) -> None:
    path, params = run_arguments(re.sub(r"\s#.*$", "", rest))
    kernel.include(path, params)


def _sql(kernel: Kernel, rest: str) -> Any:
    if not rest.strip():
        raise UnsupportedMagicError("%sql", "it must begin its cell.")
    return kernel.sql(rest, show=False)


def _env(kernel: Kernel, rest: str) -> Any:
    name, equals, value = rest.replace(" ", "=", 1).partition("=") if "=" not in rest else rest.partition("=")
    if not equals:
        return os.environ.get(name.strip())
    os.environ[name.strip()] = _expanded(kernel, value.strip())
    return None


def _restart(kernel: Kernel, rest: str) -> None:
    del kernel, rest
    raise PythonRestart


def _reset(kernel: Kernel, rest: str) -> None:
    del rest
    kernel.reset()


def _conda(kernel: Kernel, rest: str) -> None:
    del kernel, rest
    raise UnsupportedMagicError("%conda", "use %pip.")


def _expanded(kernel: Kernel, text: str) -> str:
    """Return the text with ``{expression}`` and ``$name`` of the notebook's variables replaced, as IPython does."""

    def value(match: re.Match[str]) -> str:
        try:
            return str(eval(match[1], kernel.namespace))  # noqa: S307 - the notebook's own code
        except Exception:  # noqa: BLE001 - what is no expression of the notebook's is the shell's
            return match[0]

    text = re.sub(r"(?<!\$)\{([^{}]+)\}", value, text)
    return re.sub(r"\$(\w+)", lambda match: str(kernel.namespace.get(match[1], match[0])), text)


_MAGICS: dict[str, Callable[[Kernel, str], Any]] = {
    "!": _bang,
    "!!": _bang,
    "cd": lambda kernel, rest: os.chdir(os.path.expanduser(_expanded(kernel, rest.strip("\"'")) or "~")),  # noqa: PTH111
    "conda": _conda,
    "env": _env,
    "fs": lambda kernel, rest: kernel.file_command(rest),
    "md": lambda _kernel, _rest: None,
    "pip": _pip,
    "pwd": lambda _kernel, _rest: os.getcwd(),  # noqa: PTH109
    "reset": _reset,
    "restart_python": _restart,
    "run": _run,
    "set_env": _env,
    "sh": _sh,
    "sql": _sql,
    "system": _bang,
}
