import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from headwater.lakehouse import InvalidInputError
from headwater.training import Columns, Integers, ModelFamily, Multiclass, Regression, Uniform, binary_families
from headwater.training.problems.binary import Binary
from headwater.training.search.trial import fit

COLUMNS = Columns(numeric=("wind", "noise", "hour"), strings=("carrier",))


@pytest.mark.parametrize("family", binary_families(), ids=lambda family: family.name)
def test_a_family_learns_the_rule_with_missing_and_unseen_values(family, frame):
    model = fit(family, family.start, COLUMNS, frame, frame["late"].to_numpy())
    odd = pd.DataFrame(
        {
            "carrier": pd.Series(["UA", None, np.nan, "never seen"], dtype=object),
            "hour": [1.0] * 4,
            "noise": pd.Series([None] * 4, dtype=object),
            "wind": [2.0, np.nan, np.nan, -2.0],
        }
    )
    found = Binary().answers(model, odd)
    assert np.isfinite(found).all()
    assert found[1] == found[2]  # None and NaN are the same thing
    assert found[0] > 0.5 > found[3]
    assert model.feature_names_in_.tolist() == COLUMNS.all


@pytest.mark.parametrize("family", binary_families(), ids=lambda family: family.name)
def test_columns_without_any_value_do_no_harm(family, frame):
    empty = frame.assign(noise=np.nan, carrier=pd.Series([None] * len(frame), dtype=object))
    model = fit(family, family.start, COLUMNS, empty, frame["late"].to_numpy())
    assert np.isfinite(Binary().answers(model, frame)).all()


@pytest.mark.parametrize("family", binary_families(), ids=lambda family: family.name)
def test_hundreds_of_categories_are_bounded(family):
    rng = np.random.default_rng(0)
    rows = 3000
    many = pd.DataFrame({"tail": rng.integers(0, 900, rows).astype(str).astype(object), "wind": rng.normal(size=rows)})
    label = (many["wind"] > 0).astype(int).to_numpy()
    model = fit(family, family.start, Columns(("wind",), ("tail",)), many, label)
    assert np.isfinite(Binary().answers(model, many)).all()


def test_a_start_outside_the_space_is_refused():
    with pytest.raises(InvalidInputError, match="aplha is in only one"):
        ModelFamily("ridge", {"alpha": Uniform(0, 1), "x": Uniform(0, 1)}, dict, {"alpha": 1, "x": 1, "aplha": 1})


def test_an_estimator_of_ones_own_is_a_family_in_a_line():
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    forest = ModelFamily.of(RandomForestClassifier(n_estimators=20, random_state=0), {"max_depth": Integers(2, 9)})
    assert (forest.name, forest.start) == ("RandomForestClassifier", {})  # no depth is no number of the space
    frame = pd.DataFrame({"x": [0.0, 1.0, None, 3.0] * 10, "s": ["a", None, "b", "a"] * 10})
    label = [0, 1, 0, 1] * 10
    model = forest.build({"max_depth": 3}, Columns(("x",), ("s",))).fit(frame, label)
    assert model.steps[-1][1].max_depth == 3
    unseen = pd.DataFrame({"x": [None, 2.0], "s": ["never", None]})
    assert model.predict_proba(unseen).shape == (2, 2)
    whole = make_pipeline(FunctionTransformer(lambda rows: rows[["x"]].fillna(0)), RandomForestClassifier(5))
    own = ModelFamily.of(whole, {"randomforestclassifier__max_depth": Integers(2, 9)}, name="own")
    assert (
        own.build({"randomforestclassifier__max_depth": 2}, Columns(("x",), ("s",)))
        .fit(frame, label)
        .steps[-1][1]
        .max_depth
        == 2
    )
    with pytest.raises(InvalidInputError, match=r"has no parameter .depth.\. Did you mean .max_depth."):
        ModelFamily.of(RandomForestClassifier(), {"depth": Integers(2, 9)})
    with pytest.raises(InvalidInputError, match="takes an unfitted scikit-learn estimator"):
        ModelFamily.of("forest")


@pytest.mark.parametrize("encode", ["one_hot", "target", "ordinal"])
@pytest.mark.parametrize("problem", [Binary(), Multiclass((0, 1, 2)), Regression()], ids=lambda one: one.name)
def test_strings_are_encoded_for_every_problem_with_missing_and_unseen_ones(encode, problem):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {"s": rng.choice(np.array(["a", "b", "c", None], dtype=object), 900), "x": rng.normal(size=900)}
    )
    score = rows["s"].map({"a": 0, "b": 1, "c": 2}).fillna(1).to_numpy() + 0.1 * rng.normal(size=900)
    label = {"binary": (score > 1.5).astype(int), "multiclass": np.clip(score.round(), 0, 2).astype(int)}.get(
        problem.name, score
    )
    estimator = (
        DecisionTreeRegressor(max_depth=4) if problem.name == "regression" else DecisionTreeClassifier(max_depth=4)
    )
    model = fit(ModelFamily.of(estimator, encode=encode), {}, Columns(("x",), ("s",)), rows, problem.to_fit(label))
    assert problem.ranked(label, problem.answers(model, rows)) > 0.9
    odd = pd.DataFrame({"s": pd.Series(["never seen", None, np.nan], dtype=object), "x": [0.0, 0.0, 0.0]})
    answers = problem.answers(model, odd)
    assert np.isfinite(answers).all()
    assert np.allclose(answers[1], answers[2])


def test_target_encoding_does_not_tell_a_row_its_own_label():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"id": np.array([f"r{n}" for n in range(600)], dtype=object)})  # each row its own word
    label = rng.integers(0, 2, 600)
    family = ModelFamily.of(DecisionTreeClassifier(max_depth=3), encode="target")
    chances = Binary().answers(fit(family, {}, Columns((), ("id",)), rows, label), rows)
    assert Binary().ranked(label, chances) < 0.6 or np.ptp(chances) == 0


def test_an_unknown_encoding_is_refused():
    with pytest.raises(InvalidInputError, match="no encoding 'hash' of strings"):
        ModelFamily.of(DecisionTreeClassifier(), encode="hash")
