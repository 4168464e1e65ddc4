"""``WorkspaceClient().jobs`` within a run: a store has no jobs, so that lists are empty; what would make or run one says how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from headwater.notebook.errors import NotOnThisMachineError

if TYPE_CHECKING:
    from databricks.sdk.service import jobs as sdk

__all__ = ["Jobs"]


class Jobs:
    """What is read of jobs: there are none here."""

    def list(self, **_: Any) -> Iterator[sdk.BaseJob]:
        """Give no jobs."""
        return iter(())

    def list_runs(self, **_: Any) -> Iterator[sdk.BaseRun]:
        """Give no runs."""
        return iter(())

    def get(self, job_id: int, **_: Any) -> sdk.Job:
        """Raise NotFound, as a workspace does for a job that it does not have."""
        from databricks.sdk.errors import NotFound

        raise NotFound(f"There is no job {job_id} here: jobs are a workspace's. {_INSTEAD}")

    def get_run(self, run_id: int, **_: Any) -> sdk.Run:
        """Raise NotFound, as a workspace does for a run that it does not have."""
        from databricks.sdk.errors import NotFound

        raise NotFound(f"There is no run {run_id} here: runs of jobs are a workspace's. {_INSTEAD}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotOnThisMachineError(f"WorkspaceClient().jobs.{name}", _INSTEAD)


_INSTEAD = "`headwater notebook run FILE --param name=value` runs a notebook here, and cron or Airflow can call it."
