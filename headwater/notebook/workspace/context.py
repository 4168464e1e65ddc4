"""What notebooks ask of ``dbutils.notebook.entry_point.getDbutils().notebook().getContext()``."""

from __future__ import annotations

import getpass
import json
import os
from typing import Any, Generic, TypeVar

from headwater.notebook.errors import NotOnThisMachineError

__all__ = ["Context", "EntryPoint", "Maybe"]

T = TypeVar("T")
_WORKSPACE = ["apiUrl", "apiToken", "browserHostName", "workspaceId", "clusterId"]


class Maybe(Generic[T]):
    """A value or none, with the words of Scala's Option."""

    def __init__(self, value: T | None) -> None:
        self._value = value

    def get(self) -> T:
        """Return the value."""
        if self._value is None:
            raise ValueError("None.get: this notebook does not run in a job of a workspace.")
        return self._value

    def getOrElse(self, default: T) -> T:  # noqa: N802 - their word
        """Return the value, or the default."""
        return default if self._value is None else self._value

    def isDefined(self) -> bool:  # noqa: N802 - their word
        """Say whether there is a value."""
        return self._value is not None

    def toString(self) -> str:  # noqa: N802 - their word
        """Return what Scala prints."""
        return "None" if self._value is None else f"Some({self._value})"


class Context:
    """Where a notebook runs and who runs it. The user's name is this machine's.

    Examples
    --------
    >>> context = Context("/project/train")
    >>> context.notebookPath().get(), context.jobId().isDefined()
    ('/project/train', False)
    """

    def __init__(self, path: str) -> None:
        self._tags = {
            "user": _user(),
            "notebookPath": path,
            "browserHostName": "localhost",
            "orgId": "0",
            "clusterId": "local",
        }

    def notebookPath(self) -> Maybe[str]:  # noqa: N802 - their word
        """Return the notebook's path without its suffix."""
        return Maybe(self._tags["notebookPath"])

    def userName(self) -> Maybe[str]:  # noqa: N802 - their word
        """Return the user of this process."""
        return Maybe(self._tags["user"])

    def tags(self) -> Tags:
        """Return the tags, for ``.get(name)``, ``.apply(name)``."""
        return Tags(self._tags)

    def jobId(self) -> Maybe[str]:  # noqa: N802 - their word
        """Return nothing: no workspace's job runs this."""
        return Maybe(None)

    currentRunId = jobRunId = jobId  # noqa: N815 - their words

    def toJson(self) -> str:  # noqa: N802 - their word
        """Return path and tags as JSON."""
        path = self._tags["notebookPath"]
        return json.dumps({"tags": self._tags, "extraContext": {"notebook_path": path}, "currentRunId": None})

    safeToJson = toJson  # noqa: N815 - their word

    def __getattr__(self, name: str) -> Any:
        if name in _WORKSPACE:
            raise NotOnThisMachineError(
                f"The notebook context's {name}()", "Nothing here needs it: leave the call out."
            )
        raise AttributeError(name)


class Tags:
    """Tags by name, with the words of a Scala map."""

    def __init__(self, tags: dict[str, str]) -> None:
        self._tags = tags

    def get(self, name: str) -> Maybe[str]:
        """Return the tag, if there is one."""
        return Maybe(self._tags.get(name))

    def apply(self, name: str) -> str:
        """Return the tag."""
        return self._tags[name]

    __getitem__ = apply


class EntryPoint:
    """``dbutils.notebook.entry_point`` and what its ``getDbutils().notebook()`` gives."""

    def __init__(self, path: str) -> None:
        self._path = path

    def getDbutils(self) -> EntryPoint:  # noqa: N802 - their word
        """Return itself."""
        return self

    def notebook(self) -> EntryPoint:
        """Return itself."""
        return self

    def getContext(self) -> Context:  # noqa: N802 - their word
        """Return the context."""
        return Context(self._path)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return os.environ.get("USER", "unknown")
