"""Features that decide are kept, those that do not, that repeat, or that helped once are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from headwater.lakehouse import InvalidInputError, MissingColumnsError
from headwater.training import Multiclass, Regression, Selection, TimeFolds, select_features
from headwater.training.data.pandas_rows import columns_of
from headwater.training.selection.redundancy import redundant_groups, similarity

ROWS = 2400
PLAN = Selection(TimeFolds(3), chance_rounds=6)


def _rows():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({f"noise_{n}": rng.normal(size=ROWS) for n in range(4)})
    rows = rows.assign(time=pd.date_range("2024-01-01", periods=ROWS, freq="h"), signal=rng.normal(size=ROWS))
    rows["celsius"] = rng.normal(15, 8, ROWS)
    rows["fahrenheit"] = rows["celsius"] * 9 / 5 + 32
    rows["carrier"] = rng.choice(np.array(["UA", "AA", "B6"], dtype=object), ROWS)
    rows["airline"] = rows["carrier"].map({"UA": "United", "AA": "American", "B6": "JetBlue"}).astype(object)
    rows["once"] = rng.normal(size=ROWS)
    early = np.arange(ROWS) < ROWS // 4
    score = rows["signal"] + (rows["celsius"] - 15) / 8 + 1.5 * (rows["carrier"] == "B6") + 3 * early * rows["once"]
    return rows.assign(score=score + 0.5 * rng.normal(size=ROWS))


@pytest.mark.parametrize("kind", ["binary", "regression", "multiclass"])
def test_what_decides_is_kept_once_and_nothing_else(kind):
    rows = _rows()
    score = rows.pop("score")
    given = {}
    if kind == "binary":
        rows["label"] = (score > 0).astype(int)
    elif kind == "regression":
        rows["label"], given = score, {"problem": Regression()}
    else:
        rows["label"] = np.array(["low", "middle", "high"], dtype=object)[np.digitize(score, [-0.5, 1.0])]
        given = {"problem": Multiclass(("low", "middle", "high"))}
    found = select_features(rows, "label", "time", plan=PLAN, **given)
    table = found.table.set_index("feature")
    assert len(found.kept) == 3
    assert "signal" in found.kept
    assert len({"celsius", "fahrenheit"} & set(found.kept)) == 1
    assert len({"carrier", "airline"} & set(found.kept)) == 1
    for one, other in (("celsius", "fahrenheit"), ("carrier", "airline")):
        kept, left = (one, other) if one in found.kept else (other, one)
        assert table.loc[left, "reason"] == f"Says the same as {kept}."
        assert table.loc[one, "group"] == table.loc[other, "group"]
    assert (table.loc[[f"noise_{n}" for n in range(4)], "reason"] == "Not more important than chance.").all()
    assert not table.loc["once", "kept"]
    assert found.change.difference < 0.1 * abs(table["importance"].max())
    assert found.figure().axes


def test_the_same_seed_gives_the_same_here_and_on_spark(spark):
    del spark
    rows = _rows().drop(columns="score").assign(label=(_rows()["score"] > 0).astype(int))
    plan = Selection(TimeFolds(2), chance_rounds=5)
    here = select_features(rows, "label", "time", plan=plan)
    there = select_features(rows, "label", "time", plan=Selection(TimeFolds(2), chance_rounds=5, parallelism=2))
    pd.testing.assert_frame_equal(here.table, there.table)


def test_similarities_are_scipys():
    rows = _rows()
    inputs = rows.drop(columns=["time", "score"])
    inputs.loc[::7, "signal"] = np.nan
    found = similarity(inputs, columns_of(inputs))
    both = inputs["signal"].notna()
    expected = scipy.stats.spearmanr(inputs.loc[both, "signal"], inputs.loc[both, "celsius"]).statistic
    assert found.loc["signal", "celsius"] == pytest.approx(abs(expected))
    assert found.loc["carrier", "airline"] == pytest.approx(1.0, abs=0.01)
    assert found.loc["carrier", "signal"] == 0.0
    assert (np.diag(found) == 1).all()


def test_groups_are_cut_at_the_similarity():
    names = ["a", "b", "c"]
    alike = pd.DataFrame([[1, 0.95, 0.2], [0.95, 1, 0.1], [0.2, 0.1, 1]], index=names, columns=names)
    assert redundant_groups(alike, 0.9) == [["a", "b"], ["c"]]
    assert redundant_groups(alike, 0.99) == [["a"], ["b"], ["c"]]
    assert redundant_groups(alike.iloc[:1, :1], 0.9) == [["a"]]


def test_a_column_that_is_not_there_and_an_odd_plan_are_errors():
    with pytest.raises(MissingColumnsError, match="late"):
        select_features(_rows(), "late", "time")
    with pytest.raises(InvalidInputError, match="at least 5 chance_rounds"):
        Selection(chance_rounds=1)
