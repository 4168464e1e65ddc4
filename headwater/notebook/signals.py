"""How a notebook's own code ends a cell or the notebook: raised through it, past every ``except Exception``."""

from __future__ import annotations

__all__ = ["NotebookExit", "PythonRestart"]


class NotebookExit(BaseException):
    """``dbutils.notebook.exit(value)``."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class PythonRestart(BaseException):
    """``dbutils.library.restartPython()``."""
