"""DuckDB's ASOF JOIN."""

import duckdb
import harness


def make(spec, folder, _store, _form):
    query = f"SELECT l.* FROM read_parquet('{folder}/labels/*.parquet') l"
    for table in spec["tables"]:
        (at, ts), most = table["time"], table["lookback"]
        keys = " AND ".join(f"l.{left} = r.{right}" for left, right in table["keys"])
        wanted = ", ".join(
            f"r.{name}"
            if most is None
            else f"CASE WHEN epoch_us(l.{at}) - epoch_us(r.{ts}) <= {most} THEN r.{name} END AS {name}"
            for name in table["features"]
        )
        query = (
            f"SELECT l.*, {wanted} FROM ({query}) l ASOF LEFT JOIN read_parquet('{folder}/{table['name']}/*.parquet') r "
            f"ON {keys} AND l.{at} >= r.{ts}"
        )

    def run(sink, target):
        with duckdb.connect() as connection:
            connection.execute(f"SET TimeZone = '{harness.time_zone(spec)}'")
            if sink == "pandas":
                return connection.execute(query).df()
            target.mkdir()
            connection.execute(f"COPY ({query}) TO '{target}/part-0.parquet' (FORMAT parquet)")
        return None

    return run


if __name__ == "__main__":
    harness.compete(make, ["duckdb", "pandas"])
