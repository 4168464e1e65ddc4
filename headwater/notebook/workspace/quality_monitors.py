"""``WorkspaceClient().quality_monitors`` on the embedded store: the SDK's own classes in and out, our monitoring behind.

A monitor is a JSON file, ``.headwater/monitors/<catalog>.<schema>.<table>.json``: its definition and its refreshes. A refresh
runs where it is asked for and has ended when the call returns, so that loops which wait for one end at once. As in a workspace,
`create` runs the first one, and `delete` leaves the tables of metrics.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from headwater import lakehouse
from headwater.monitoring import (
    Monitor,
    MonitorInferenceLog,
    MonitorMetric,
    MonitorSnapshot,
    MonitorTimeSeries,
    refresh,
)

if TYPE_CHECKING:
    from pathlib import Path

    from databricks.sdk.service import catalog as sdk
    from pyspark.sql import SparkSession

    from headwater.monitoring.definitions.monitor import MonitorKind

__all__ = ["QualityMonitors"]

_KINDS = ("inference_log", "time_series", "snapshot")
_KEPT = (
    "baseline_table_name", "slicing_exprs", "custom_metrics", "schedule", "notifications", "data_classification_config",
    *_KINDS,
)  # fmt: skip


class QualityMonitors:
    """Monitors by table: create, get, update, delete; and their refreshes.

    Parameters
    ----------
    home
        The store's folder.
    session
        What gives the Spark session, when one is needed.
    """

    def __init__(self, home: Path, session: Callable[[], SparkSession]) -> None:
        self._home, self._session = home, session

    def create(self, table_name: str, output_schema_name: str, assets_dir: str = "", **given: Any) -> sdk.MonitorInfo:
        """Create the monitor of a table and refresh it once; see the SDK for the arguments.

        Raises
        ------
        ResourceAlreadyExists
            The table has a monitor.
        InvalidParameterValue
            None of `inference_log`, `time_series` and `snapshot` is given, or several.
        InvalidInputError
            A custom metric has no type, name, column or template variable that there is.
        """
        from databricks.sdk.errors import ResourceAlreadyExists

        name = self._full(table_name)
        if self._file(name).exists():
            raise ResourceAlreadyExists(f"{name} has a monitor already: update or delete it.")
        info = self._info(name, {**given, "output_schema_name": output_schema_name, "assets_dir": assets_dir}, 0)
        _monitor(info)
        self._write(name, info, [])
        self.run_refresh(name)
        return info

    def get(self, table_name: str) -> sdk.MonitorInfo:
        """Return the monitor of a table; NotFound if it has none."""
        return self._read(table_name)[0]

    def update(self, table_name: str, output_schema_name: str, **given: Any) -> sdk.MonitorInfo:
        """Replace the monitor's definition; its version goes up by one. Results change with the next refresh."""
        before, refreshes = self._read(table_name)
        kept = {"assets_dir": before.assets_dir, **given, "output_schema_name": output_schema_name}
        info = self._info(before.table_name, kept, before.monitor_version + 1)
        _monitor(info)
        self._write(info.table_name, info, refreshes)
        return info

    def delete(self, table_name: str) -> sdk.DeleteMonitorResponse:
        """Forget the monitor; the tables of metrics stay."""
        from databricks.sdk.service.catalog import DeleteMonitorResponse

        self._file(self._read(table_name)[0].table_name).unlink()
        return DeleteMonitorResponse()

    def run_refresh(self, table_name: str) -> sdk.MonitorRefreshInfo:
        """Compute profile and drift of all windows, now; an error is in the answer's `message`, as in a workspace.

        The message of a refresh that succeeded names the custom metrics that could not be computed, each with its column.
        """
        from databricks.sdk.service.catalog import (
            MonitorRefreshInfo,
            MonitorRefreshInfoState,
            MonitorRefreshInfoTrigger,
        )

        info, refreshes = self._read(table_name)
        began = _now()
        state, message = MonitorRefreshInfoState.SUCCESS, None
        try:
            result = refresh(self._session(), _monitor(info))
            message = "\n".join(map(str, result.failed_metrics)) or None
        except lakehouse.HeadwaterError as error:
            state, message = MonitorRefreshInfoState.FAILED, str(error)
        done = MonitorRefreshInfo(
            refresh_id=len(refreshes) + 1,
            state=state,
            start_time_ms=began,
            end_time_ms=_now(),
            message=message,
            trigger=MonitorRefreshInfoTrigger.MANUAL,
        )
        self._write(info.table_name, info, [*refreshes, done])
        return done

    def get_refresh(self, table_name: str, refresh_id: int) -> sdk.MonitorRefreshInfo:
        """Return one refresh; NotFound if there is none of this id."""
        from databricks.sdk.errors import NotFound

        info, refreshes = self._read(table_name)
        for one in refreshes:
            if one.refresh_id == int(refresh_id):
                return one
        raise NotFound(f"{info.table_name} has no refresh {refresh_id}: it has had {len(refreshes)}.")

    def list_refreshes(self, table_name: str) -> sdk.MonitorRefreshListResponse:
        """Return the refreshes, the newest first."""
        from databricks.sdk.service.catalog import MonitorRefreshListResponse

        return MonitorRefreshListResponse(refreshes=self._read(table_name)[1][::-1])

    def cancel_refresh(self, table_name: str, refresh_id: int) -> None:
        """Do nothing to a refresh that has ended, which each has when its call returns."""
        self.get_refresh(table_name, refresh_id)

    def _full(self, name: str) -> str:
        return str(lakehouse.complete(self._session(), name))

    def _file(self, name: str) -> Path:
        return self._home / "monitors" / f"{name.lower()}.json"

    def _info(self, name: str, given: dict[str, Any], version: int) -> sdk.MonitorInfo:
        from databricks.sdk.errors import InvalidParameterValue
        from databricks.sdk.service.catalog import MonitorInfo, MonitorInfoStatus

        kinds = [kind for kind in _KINDS if given.get(kind) is not None]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "none"
            raise InvalidParameterValue(
                f"The monitor of {name} takes exactly one of {', '.join(_KINDS)}, found {found}."
            )
        schema, table = given["output_schema_name"], name.rsplit(".", 1)[-1]
        return MonitorInfo(
            table_name=name,
            output_schema_name=schema,
            status=MonitorInfoStatus.MONITOR_STATUS_ACTIVE,
            profile_metrics_table_name=f"{schema}.{table}_profile_metrics",
            drift_metrics_table_name=f"{schema}.{table}_drift_metrics",
            monitor_version=version,
            assets_dir=given.get("assets_dir"),
            **{field: given.get(field) for field in _KEPT},
        )

    def _read(self, table_name: str) -> tuple[sdk.MonitorInfo, list[sdk.MonitorRefreshInfo]]:
        from databricks.sdk.errors import NotFound
        from databricks.sdk.service.catalog import MonitorInfo, MonitorRefreshInfo

        name = self._full(table_name)
        if not self._file(name).exists():
            known = sorted(file.stem for file in (self._home / "monitors").glob("*.json"))
            raise NotFound(f"{name} has no monitor. Known: {', '.join(known) or 'none'}.")
        kept = json.loads(self._file(name).read_text(encoding="utf-8"))
        return MonitorInfo.from_dict(kept["monitor"]), [MonitorRefreshInfo.from_dict(one) for one in kept["refreshes"]]

    def _write(self, name: str, info: sdk.MonitorInfo, refreshes: list[sdk.MonitorRefreshInfo]) -> None:
        kept = {"monitor": info.as_dict(), "refreshes": [one.as_dict() for one in refreshes]}
        lakehouse.write_json(self._file(name), kept)


def _monitor(info: sdk.MonitorInfo) -> Monitor:
    """Return our definition of the SDK's."""
    return Monitor(
        table_name=info.table_name,
        output_schema=info.output_schema_name,
        kind=_kind(info),
        baseline_table_name=info.baseline_table_name,
        slicing_exprs=tuple(info.slicing_exprs or ()),
        custom_metrics=tuple(MonitorMetric.of(metric) for metric in info.custom_metrics or ()),
        monitor_version=info.monitor_version,
    )


def _kind(info: sdk.MonitorInfo) -> MonitorKind:
    log, series = info.inference_log, info.time_series
    if log is not None:
        problem = str(getattr(log.problem_type, "value", log.problem_type)).removeprefix("PROBLEM_TYPE_").lower()
        return MonitorInferenceLog(
            problem_type=problem,  # type: ignore[arg-type]  # checked by the class
            timestamp_col=log.timestamp_col,
            granularities=log.granularities,
            prediction_col=log.prediction_col,
            model_id_col=log.model_id_col,
            label_col=log.label_col,
            prediction_proba_col=log.prediction_proba_col,
        )
    if series is not None:
        return MonitorTimeSeries(timestamp_col=series.timestamp_col, granularities=series.granularities)
    return MonitorSnapshot()


def _now() -> int:
    return int(time.time() * 1000)
