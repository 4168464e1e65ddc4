"""``databricks.sdk.WorkspaceClient`` within a run: files, the notebook's folder tree, quality monitors, endpoints, the user.

All else says that it is not here.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from headwater.lakehouse import Settings
from headwater.notebook.workspace.client_files import Dbfs, Files
from headwater.notebook.workspace.client_jobs import Jobs
from headwater.notebook.workspace.client_workspace import Workspace
from headwater.notebook.workspace.file_system import FileSystem
from headwater.notebook.workspace.paths import Places
from headwater.notebook.workspace.python_paths import replaced
from headwater.notebook.workspace.quality_monitors import QualityMonitors
from headwater.notebook.workspace.serving_endpoints import FeatureStore, ServingEndpoints

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["workspace_client"]

_PARTS = (
    "current_user",
    "dbfs",
    "feature_store",
    "files",
    "jobs",
    "quality_monitors",
    "serving_endpoints",
    "workspace",
)


@contextmanager
def workspace_client(settings: Settings, places: Places, session: Callable[[], SparkSession]) -> Iterator[None]:
    """Let ``WorkspaceClient()`` mean the embedded store within; to be entered when ``databricks.sdk`` is loaded."""
    sdk = sys.modules["databricks.sdk"]
    monitors = QualityMonitors(settings.home, session)
    endpoints, store = ServingEndpoints(settings, session), FeatureStore(settings)
    with replaced(
        [(sdk, "WorkspaceClient", lambda _: lambda *_args, **_options: _Client(monitors, endpoints, store, places))]
    ):
        yield


class _Client:
    def __init__(
        self, monitors: QualityMonitors, endpoints: ServingEndpoints, store: FeatureStore, places: Places
    ) -> None:
        files = FileSystem(places)
        self.quality_monitors = monitors
        self.serving_endpoints, self.feature_store = endpoints, store
        self.current_user = _CurrentUser()
        self.workspace = Workspace(places)
        self.files, self.dbfs = Files(files), Dbfs(files)
        self.jobs = Jobs()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(
            f"WorkspaceClient().{name} needs a Databricks workspace. This is a run of Headwater, which has "
            f"{', '.join(_PARTS)}: call it on Databricks alone."
        )


class _CurrentUser:
    def me(self) -> Any:
        """Return the user of this process, by name."""
        from databricks.sdk.service.iam import User

        return User(user_name=getpass.getuser())
