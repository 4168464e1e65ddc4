"""Polars' join_asof."""

import harness
import polars as pl


def make(spec, folder, _store, _form):
    def run(sink, target):
        joined = pl.scan_parquet(folder / "labels/*.parquet").sort("at")
        for table in spec["tables"]:
            (left, right), (at, ts), days = table["keys"][0], table["time"], table["lookback_days"]
            rows = pl.scan_parquet(folder / table["name"] / "*.parquet").sort(ts)
            joined = joined.join_asof(
                rows,
                left_on=at,
                right_on=ts,
                by_left=left,
                by_right=right,
                tolerance=None if days is None else f"{days}d",
                check_sortedness=False,
            )
            joined = joined.drop([ts, right], strict=False)
        if sink == "pandas":
            return joined.collect().to_pandas()
        target.mkdir()
        joined.sink_parquet(target / "part-0.parquet")
        return None

    return run


if __name__ == "__main__":
    harness.compete(make, ["polars", "pandas", "pyarrow"])
