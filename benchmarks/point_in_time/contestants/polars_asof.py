"""Polars' join_asof."""

import harness
import polars as pl


def make(spec, folder, _store, _form):
    def run(sink, target):
        joined = pl.scan_parquet(folder / "labels/*.parquet").sort("at")
        for table in spec["tables"]:
            (at, ts), most = table["time"], table["lookback"]
            lefts, rights = (list(names) for names in zip(*table["keys"], strict=True))
            rows = pl.scan_parquet(folder / table["name"] / "*.parquet").sort(ts)
            joined = joined.join_asof(
                rows,
                left_on=at,
                right_on=ts,
                by_left=lefts,
                by_right=rights,
                tolerance=None if most is None else f"{most}us",
                check_sortedness=False,
            )
            joined = joined.drop([ts, *rights], strict=False)
        if sink == "pandas":
            return joined.collect().to_pandas()
        target.mkdir()
        joined.sink_parquet(target / "part-0.parquet")
        return None

    return run


if __name__ == "__main__":
    harness.compete(make, ["polars", "pandas", "pyarrow"])
