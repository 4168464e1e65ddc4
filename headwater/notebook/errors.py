"""What can go wrong with a notebook, as one tree.

::

    HeadwaterError
    └── NotebookError
        ├── NotebookNotFoundError          also a FileNotFoundError
        ├── NotebookFormatError            the file is no notebook, or one of another language
        ├── CellError                      a cell failed; carries the user's own traceback
        ├── UnsupportedMagicError          a magic command that cannot run here
        ├── InputWidgetNotDefinedError     also a ValueError
        ├── SecretNotFoundError            also a ValueError
        ├── ShellError                     a %sh cell ended with another exit code than 0
        ├── NotebookTimeoutError           also a TimeoutError
        ├── PathOutsideStoreError          also a PermissionError: a path leads out of the store
        ├── ProtectedFolderError           also a PermissionError: a folder that is never removed or written over
        └── NotOnThisMachineError          a part of Databricks that only a workspace has
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headwater.lakehouse import HeadwaterError, known

__all__ = [
    "CellError",
    "InputWidgetNotDefinedError",
    "NotOnThisMachineError",
    "NotebookError",
    "NotebookFormatError",
    "NotebookNotFoundError",
    "NotebookTimeoutError",
    "PathOutsideStoreError",
    "ProtectedFolderError",
    "SecretNotFoundError",
    "ShellError",
    "UnsupportedMagicError",
]


class NotebookError(HeadwaterError):
    """Something about one notebook."""


class NotebookNotFoundError(NotebookError, FileNotFoundError):
    """There is no such notebook."""

    def __init__(self, path: str, folder: str, names: Sequence[str]) -> None:
        super().__init__(path, folder, list(names))
        self.path, self.folder, self.names = path, folder, list(names)

    def __str__(self) -> str:
        return f"There is no notebook {self.path!r} (looked in {self.folder}). {known(self.path.rpartition('/')[2], self.names)}"


class NotebookFormatError(NotebookError):
    """The file cannot be read as a notebook."""

    def __init__(self, path: str, found: str, hint: str) -> None:
        super().__init__(path, found, hint)
        self.path, self.found, self.hint = path, found, hint

    def __str__(self) -> str:
        return f"{self.path} is not a notebook that can be run: {self.found}. {self.hint}"


class CellError(NotebookError):
    """A cell failed.

    `line` counts in the source file; in an .ipynb, in the cell. `trace` is the user's own traceback, without the runner.
    """

    def __init__(self, notebook: str, number: int, title: str, line: int | None, cause: str, trace: str) -> None:
        super().__init__(notebook, number, title, line, cause, trace)
        self.notebook, self.number, self.title, self.line = notebook, number, title, line
        self.cause, self.trace = cause, trace

    def __str__(self) -> str:
        title = f" ({self.title})" if self.title else ""
        line = f", line {self.line}" if self.line else ""
        return f"{self.notebook}: cell {self.number}{title}{line}: {self.cause}"


class UnsupportedMagicError(NotebookError):
    """A magic command cannot run here."""

    def __init__(self, magic: str, reason: str) -> None:
        super().__init__(magic, reason)
        self.magic, self.reason = magic, reason

    def __str__(self) -> str:
        return f"The magic command {self.magic} cannot run here: {self.reason}"


class InputWidgetNotDefinedError(NotebookError, ValueError):
    """There is no such widget."""

    def __init__(self, name: str, names: Iterable[str]) -> None:
        super().__init__(name, list(names))
        self.name, self.names = name, sorted(names)

    def __str__(self) -> str:
        return (
            f"InputWidgetNotDefined: no widget named {self.name!r}. {known(self.name, self.names)} "
            f"Make it with dbutils.widgets.text({self.name!r}, ...) or run with --param {self.name}=value."
        )


class SecretNotFoundError(NotebookError, ValueError):
    """There is no such secret."""

    def __init__(self, scope: str, key: str, variable: str) -> None:
        super().__init__(scope, key, variable)
        self.scope, self.key, self.variable = scope, key, variable

    def __str__(self) -> str:
        return f"There is no secret {self.key!r} in the scope {self.scope!r}: set the environment variable {self.variable}."


class ShellError(NotebookError):
    """A shell command failed."""

    def __init__(self, command: str, code: int) -> None:
        super().__init__(command, code)
        self.command, self.code = command, code

    def __str__(self) -> str:
        return f"The shell command ended with exit code {self.code}: {self.command.strip().splitlines()[0]}"


class NotebookTimeoutError(NotebookError, TimeoutError):
    """A notebook took longer than it was given."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__(path, seconds)
        self.path, self.seconds = path, seconds

    def __str__(self) -> str:
        return f"{self.path} took longer than its {self.seconds:g} s: give dbutils.notebook.run a longer timeout, or 0 for none."


class PathOutsideStoreError(NotebookError, PermissionError):
    """A path of the workspace leads out of the folder that stands for it."""

    def __init__(self, path: str, reason: str, root: str) -> None:
        super().__init__(path, reason, root)
        self.path, self.reason, self.root = path, reason, root

    def __str__(self) -> str:
        return (
            f"The path {self.path!r} leaves {self.root}: {self.reason}. Write file:/… to mean a file of this machine."
        )


class ProtectedFolderError(NotebookError, PermissionError):
    """A folder is never removed, moved or written over by a notebook."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return (
            f"A notebook does not remove, move or write over {self.path!r}: {self.reason}. "
            "Name the files or folders within it that are meant."
        )


class NotOnThisMachineError(NotebookError):
    """A part of Databricks that only a workspace has."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what, instead)
        self.what, self.instead = what, instead

    def __str__(self) -> str:
        return f"{self.what} is a part of a Databricks workspace and not on this machine. {self.instead}"
