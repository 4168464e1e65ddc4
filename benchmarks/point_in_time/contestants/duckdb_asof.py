"""DuckDB's ASOF JOIN."""

import duckdb
import harness


def make(spec, folder, _store, _form):
    query = f"SELECT l.* FROM read_parquet('{folder}/labels/*.parquet') l"
    for table in spec["tables"]:
        (left, right), (at, ts), days = table["keys"][0], table["time"], table["lookback_days"]
        wanted = ", ".join(
            f"r.{name}"
            if days is None
            else f"CASE WHEN l.{at} - r.{ts} <= INTERVAL {days} DAY THEN r.{name} END AS {name}"
            for name in table["features"]
        )
        query = (
            f"SELECT l.*, {wanted} FROM ({query}) l ASOF LEFT JOIN read_parquet('{folder}/{table['name']}/*.parquet') r "
            f"ON l.{left} = r.{right} AND l.{at} >= r.{ts}"
        )

    def run(sink, target):
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            if sink == "pandas":
                return connection.execute(query).df()
            target.mkdir()
            connection.execute(f"COPY ({query}) TO '{target}/part-0.parquet' (FORMAT parquet)")
        return None

    return run


if __name__ == "__main__":
    harness.compete(make, ["duckdb", "pandas"])
