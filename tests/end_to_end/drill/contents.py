"""What a store of the drill holds, without what differs between two worlds that did the same: times, run ids and versions."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import deltalake
from mlflow import MlflowClient

from headwater.lakehouse import Settings
from tests.end_to_end.drill.project import project

# When something was done, by which user, and which version of a table was read.
_LEFT_OUT = {"promotions": ("at", "who")}
_EVERYWHERE = ("logging_table_commit_version", "baseline_version")
_OF_THIS_STORE = ("headwater.tableId", "headwater.createdAt", "headwater.trainingSet.")
_VERSIONS = ("model_version", "version", "champion", "previous", "model_id")


def contents(home: Path) -> dict[str, list[str]]:
    """Return each table's rows as sorted text, and the aliases of the model with what its versions' tags say.

    Versions of the model are numbered by the order of their promotion. Reads the files without Spark.
    """
    settings = Settings(home=home)
    warehouse = settings.warehouse / "drill.db"
    tables = {log.parent.name: _rows(log.parent) for log in sorted(warehouse.glob("*/_delta_log"))}
    promotions = sorted(tables["promotions"], key=lambda row: row["at"])
    numbers = {version: f"#{i}" for i, version in enumerate(dict.fromkeys(row["version"] for row in promotions), 1)}
    found = {name: sorted(_text(row, name, numbers) for row in rows) for name, rows in tables.items()}
    found |= {f"{log.parent.name} (properties)": _properties(log.parent) for log in warehouse.glob("*/_delta_log")}
    return found | {"(registry)": _registry(settings, numbers)}


def differences(found: dict[str, list[str]], expected: dict[str, list[str]]) -> list[str]:
    """Return a sentence for each table that differs, with a row of each side that the other has not."""
    said = []
    for name in sorted({*found, *expected}):
        more, less = Counter(found.get(name, ())), Counter(expected.get(name, ()))
        if more != less:
            sides = [next(iter(left.elements()), "no row")[:600] for left in (more - less, less - more)]
            counts = f"{more.total():,} rows, expected {less.total():,}"
            said.append(f"{name}: {counts}; only after the kills: {sides[0]}; only without: {sides[1]}")
    return said


def _rows(folder: Path) -> list[dict[str, Any]]:
    return [dict(row) for row in deltalake.DeltaTable(folder).to_pyarrow_table().to_pylist()]


def _properties(folder: Path) -> list[str]:
    known = deltalake.DeltaTable(folder).metadata().configuration
    names = [key for key in known if key.startswith("headwater.") and not key.startswith(_OF_THIS_STORE)]
    return [f"{name} = {known[name]}" for name in sorted(names)]


def _text(row: dict[str, Any], table: str, numbers: dict[str, str]) -> str:
    kept = {key: value for key, value in row.items() if key not in (*_EVERYWHERE, *_LEFT_OUT.get(table, ()))}
    for name in _VERSIONS:
        if kept.get(name) is not None:
            kept[name] = numbers.get(kept[name], kept[name])
    text = str({key: _rounded(value) for key, value in kept.items()})
    return re.sub(r"\b(model|version) (\d+)\b", lambda found: f"{found[1]} {numbers.get(found[2], found[2])}", text)


def _rounded(value: Any) -> Any:
    """Return numbers with 9 digits: sums of floats depend on the order of the files."""
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value


def _registry(settings: Settings, numbers: dict[str, str]) -> list[str]:
    client = MlflowClient(settings.mlflow_tracking_uri, settings.mlflow_tracking_uri)
    model = client.get_registered_model(project.model_name)
    found = [f"{alias} {numbers.get(str(version), version)}" for alias, version in sorted(model.aliases.items())]
    found += [f"tag {key}" for key in sorted(model.tags)]
    for version, number in numbers.items():
        tags = client.get_model_version(project.model_name, version).tags
        replaced = tags.get("headwater.replaced", "")
        found.append(f"{number} {tags.get('headwater.action')} replaced {numbers.get(replaced, replaced)}")
    return found
