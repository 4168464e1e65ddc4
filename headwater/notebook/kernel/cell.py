"""What cells and magics need of the notebook that runs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from headwater.notebook.outputs import Recorder
from headwater.notebook.workspace.dbutils import DBUtils
from headwater.notebook.workspace.paths import Places
from headwater.notebook.workspace.widgets import Widgets

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["Kernel", "Names"]

Names = dict[str, Any]


class Kernel(Protocol):
    """One notebook's run, as its cells see it.

    `namespace` holds the notebook's variables, `recorder` takes what cells put out, `places` says where paths lie, and
    `install` whether ``%pip install`` may change the environment; `skipped_installs` are the calls of pip that were not done.
    """

    namespace: Names
    recorder: Recorder
    widgets: Widgets
    dbutils: DBUtils
    places: Places
    install: bool
    skipped_installs: list[str]

    def spark(self) -> SparkSession:
        """Return the session; the first call starts it."""

    def sql(self, text: str, *, show: bool = True) -> Any:
        """Run SQL statements, and return the last one's frame or None."""

    def include(self, name: str, params: Mapping[str, str]) -> None:
        """Run another notebook's cells in this namespace."""

    def display(self, *things: Any, **options: Any) -> None:
        """Show things in the cell's outputs."""

    def display_html(self, text: str) -> None:
        """Show HTML in the cell's outputs."""

    def file_command(self, text: str) -> None:
        """Run a function of `dbutils.fs`, written as words."""

    def reset(self) -> None:
        """Lose all variables."""
