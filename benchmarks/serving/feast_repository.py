"""A Feast repository with one feature view of ten numbers a key, written to its SQLite online store.

Run by the Python of Feast's own environment: ``python feast_repository.py FOLDER``, with ``FOLDER/rows.parquet``.
"""

from __future__ import annotations

import sys
import warnings
from datetime import timedelta
from pathlib import Path

import pandas as pd

VIEW, KEY = "customers", "customer"


def main(folder: Path) -> None:
    warnings.filterwarnings("ignore")
    from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
    from feast.types import Float64

    config = {
        "project": "bench",
        "provider": "local",
        "registry": str(folder / "registry.db"),
        "online_store": {"type": "sqlite", "path": str(folder / "online.db")},
        "entity_key_serialization_version": 3,
    }
    lines = [f"{name}: {value}" for name, value in config.items() if not isinstance(value, dict)]
    lines += ["online_store:", *(f"  {name}: {value}" for name, value in config["online_store"].items())]
    (folder / "feature_store.yaml").write_text("\n".join(lines) + "\n")
    rows = pd.read_parquet(folder / "rows.parquet")
    features = [name for name in rows.columns if name not in (KEY, "event_timestamp")]
    store = FeatureStore(config=RepoConfig(**config))
    customer = Entity(name=KEY, join_keys=[KEY], value_type=ValueType.INT64)
    source = FileSource(path=str(folder / "rows.parquet"), timestamp_field="event_timestamp")
    view = FeatureView(
        name=VIEW,
        entities=[customer],
        ttl=timedelta(days=36_500),
        schema=[Field(name=name, dtype=Float64) for name in features],
        source=source,
        online=True,
    )
    store.apply([customer, view])
    for start in range(0, len(rows), 10_000):
        store.write_to_online_store(VIEW, rows.iloc[start : start + 10_000])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
