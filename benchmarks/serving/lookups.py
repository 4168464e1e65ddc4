"""``python -m benchmarks.serving.lookups``: ten features by key, from our endpoint and from Feast's; prints ratios.

Both read the same rows from SQLite. Ours checks tokens, counts, and logs each request and answer to disk; Feast does none of it.
Feast is installed into an environment of its own, in the cache folder.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.measured import Printed
from benchmarks.point_in_time.field import Contestant, environment
from benchmarks.serving.comparison import LOADS, heading, line
from benchmarks.serving.contestants import Running, feast, floor, headwater
from benchmarks.serving.load import Measured, measure, request_bytes
from headwater import FeatureEngineeringClient, FeatureLookup, lakehouse
from headwater.serving.online.publish import publish_table
from headwater.serving.online.stores import create_online_store

TABLE, SPEC, VIEW, KEY = "main.lookups.customers", "main.lookups.by_key", "customers", "customer"
FEATURES = [f"x{at}" for at in range(10)]
ROUNDS = 3
FEAST = Contestant("Feast", "", needs=("feast>=0.60",))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.lookups", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round (default: 4)")
    parser.add_argument("--keys", type=int, default=100_000, help="keys in the stores (default: 100,000)")
    parser.add_argument("--cache", type=Path, default=Path(".headwater/benchmarks/serving"))
    asked = parser.parse_args()
    python = environment(FEAST, asked.cache.resolve())
    say = Printed("Feature lookups by key", "python -m benchmarks.serving.lookups")
    with tempfile.TemporaryDirectory() as folder:
        rows = _rows(asked.keys)
        home, repository = Path(folder) / ".headwater", Path(folder) / "feast"
        _publish(home, rows)
        _publish_to_feast(python, repository, rows)
        say(
            f"{asked.keys:,} keys, {len(FEATURES)} features; Feast {_version(python)}; the best of {ROUNDS} rounds each"
        )
        heading(say, "store", "server")
        with ExitStack() as stack:
            servers = {
                "floor": (stack.enter_context(floor()), _ours),
                "headwater serve": (stack.enter_context(headwater(home, feature_spec=SPEC)), _ours),
                "feast serve": (stack.enter_context(feast(python, repository)), _feasts),
            }
            _check(servers["headwater serve"][0], _ours, _our_values, rows)
            _check(servers["feast serve"][0], _feasts, _feasts_values, rows)
            ratios = [_compared(say, servers, load, asked.keys, asked.seconds) for load in LOADS]
    say()
    for ratio in ratios:
        say(ratio)
    if asked.seconds >= 3 and asked.keys >= 100_000:
        say.keep()


def _compared(
    say: Printed,
    servers: Mapping[str, tuple[Running, Callable[[int, int], bytes]]],
    load: tuple[int, int],
    keys: int,
    seconds: float,
) -> str:
    """Measure the servers in turns, so that what else the machine does meets all of them; print their best, return the ratios."""
    connections, count = load
    rounds: dict[str, list[Measured]] = {name: [] for name in servers}
    for at in range(ROUNDS + 1):  # the first warms up
        for name, (running, body) in servers.items():
            request = request_bytes(running.port, running.path, body(keys, count), running.token)
            lasts = seconds if at else min(1.0, seconds)
            rounds[name].append(measure(running.port, request, running.pids, connections=connections, seconds=lasts))
    best = {name: min(found[1:], key=lambda one: one.p50) for name, found in rounds.items()}
    for name, one in best.items():
        say(line("" if name == "floor" else "SQLite", name, load, one))
    base, ours, theirs = best.values()
    return (
        f"{connections} connections, {count} rows: Feast's p50 is {theirs.p50 / ours.p50:.1f} times ours, its processor time "
        f"{theirs.cpu / ours.cpu:.1f} times; ours answers {ours.rate / theirs.rate:.1f} times the requests; our p50 is "
        f"{ours.p50 / base.p50:.1f} times the floor's"
    )


def _rows(keys: int) -> pd.DataFrame:
    drawn = np.random.default_rng(0)
    return pd.DataFrame({KEY: np.arange(keys), **{name: drawn.normal(size=keys) for name in FEATURES}})


def _publish(home: Path, rows: pd.DataFrame) -> None:
    spark = lakehouse.session(lakehouse.Settings(home=home))
    client, settings = FeatureEngineeringClient(), lakehouse.settings_of(spark)
    client.create_table(name=TABLE, primary_keys=KEY, df=spark.createDataFrame(rows))
    spark.sql(f"ALTER TABLE {TABLE} SET TBLPROPERTIES (delta.enableChangeDataFeed = true)")
    client.create_feature_spec(name=SPEC, features=[FeatureLookup(table_name=TABLE, lookup_key=KEY)])
    create_online_store(settings, "lookups", "CU_1")
    publish_table(spark, "lookups", TABLE, f"{TABLE}_online")
    spark.stop()


def _publish_to_feast(python: Path, repository: Path, rows: pd.DataFrame) -> None:
    repository.mkdir()
    rows.assign(event_timestamp=pd.Timestamp("2026-01-01", tz="UTC")).to_parquet(repository / "rows.parquet")
    program = Path(__file__).with_name("feast_repository.py")
    subprocess.run([str(python), str(program), str(repository)], check=True, timeout=900, cwd=repository)


def _version(python: Path) -> str:
    asked = "import importlib.metadata as m; print(m.version('feast'))"
    return subprocess.run([str(python), "-c", asked], check=True, capture_output=True, text=True).stdout.strip()


def _keys(keys: int, rows: int) -> list[int]:
    return np.random.default_rng(1).choice(keys, rows, replace=False).tolist()


def _ours(keys: int, rows: int) -> bytes:
    return json.dumps({"dataframe_records": [{KEY: key} for key in _keys(keys, rows)]}).encode()


def _feasts(keys: int, rows: int) -> bytes:
    features = [f"{VIEW}:{name}" for name in FEATURES]
    return json.dumps({"features": features, "entities": {KEY: _keys(keys, rows)}}).encode()


def _our_values(answer: dict) -> list[list[float]]:
    return [[row[name] for name in FEATURES] for row in answer["outputs"]]


def _feasts_values(answer: dict) -> list[list[float]]:
    columns = dict(zip(answer["metadata"]["feature_names"], answer["results"], strict=True))
    return [list(row) for row in zip(*(columns[name]["values"] for name in FEATURES), strict=True)]


def _check(
    running: Running,
    body: Callable[[int, int], bytes],
    values: Callable[[dict[str, Any]], list[list[float]]],
    rows: pd.DataFrame,
) -> None:
    """Raise unless a server's answer is what was published."""
    wanted = rows.loc[_keys(len(rows), 100), FEATURES].to_numpy().tolist()
    if values(_asked(running, body(len(rows), 100))) != wanted:
        raise SystemExit(f"{running.path} answers with other values than were published")


def _asked(running: Running, body: bytes) -> dict:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {running.token}"}
    request = urllib.request.Request(f"http://127.0.0.1:{running.port}{running.path}", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


if __name__ == "__main__":
    main()
