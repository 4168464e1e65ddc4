"""pandas' merge_asof."""

import harness
import pandas as pd


def make(spec, folder, _store, _form):
    def run(sink, target):
        joined = pd.read_parquet(folder / "labels").sort_values("at", kind="stable")
        for table in spec["tables"]:
            rows = pd.read_parquet(folder / table["name"]).sort_values(table["time"][1], kind="stable")
            (at, ts), most = table["time"], table["lookback"]
            joined = pd.merge_asof(
                joined,
                rows.rename(columns={right: left for left, right in table["keys"]}),
                left_on=at,
                right_on=ts,
                by=[left for left, _ in table["keys"]],
                tolerance=None if most is None else pd.Timedelta(most, "us"),
            ).drop(columns=ts)
        if sink == "pandas":
            return joined
        target.mkdir()
        joined.to_parquet(target / "part-0.parquet", index=False)
        return None

    return run


if __name__ == "__main__":
    harness.compete(make, ["pandas", "pyarrow"])
