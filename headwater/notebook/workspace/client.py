"""``databricks.sdk.WorkspaceClient`` within a run: quality monitors and the current user; all else says that it is not here."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from headwater.lakehouse import Settings
from headwater.notebook.workspace.python_paths import replaced
from headwater.notebook.workspace.quality_monitors import QualityMonitors

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["workspace_client"]

_PARTS = ("current_user", "quality_monitors")


@contextmanager
def workspace_client(settings: Settings, session: Callable[[], SparkSession]) -> Iterator[None]:
    """Let ``WorkspaceClient()`` mean the embedded store within; to be entered when ``databricks.sdk`` is loaded."""
    sdk = sys.modules["databricks.sdk"]
    monitors = QualityMonitors(settings.home, session)
    with replaced([(sdk, "WorkspaceClient", lambda _: lambda *_args, **_options: _Workspace(monitors))]):
        yield


class _Workspace:
    def __init__(self, monitors: QualityMonitors) -> None:
        self.quality_monitors = monitors
        self.current_user = _CurrentUser()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(
            f"WorkspaceClient().{name} is a workspace's, and this is a run of Headwater, which has {' and '.join(_PARTS)}: "
            "call it on Databricks alone."
        )


class _CurrentUser:
    def me(self) -> Any:
        """Return the user of this process, by name."""
        from databricks.sdk.service.iam import User

        return User(user_name=getpass.getuser())
