"""Families of models: what can be built from which hyperparameters.

Every estimator takes a pandas frame with named columns, numbers as float64 and strings as objects, either with None or NaN
where a value is missing, and strings that it never saw in training. It uses scikit-learn's own parts only, so that a
stored model needs nothing of Headwater's to load. Infinite numbers are refused by the linear family; clean them in the features.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from headwater.lakehouse import InvalidInputError, known
from headwater.training.models.nested import Branches, Space, drawn_of, every_dimension, every_label
from headwater.training.models.space import Dimension, Integers, LogUniform, Uniform

__all__ = [
    "Columns",
    "ModelFamily",
    "binary_families",
    "build_boosting",
    "hist_gradient_boosting",
    "hist_gradient_boosting_regression",
    "logistic_regression",
    "regression_families",
    "ridge_regression",
]


@dataclass(frozen=True)
class Columns:
    """The names of a model's inputs by kind."""

    numeric: tuple[str, ...]
    strings: tuple[str, ...]

    @property
    def all(self) -> list[str]:
        """All inputs, numbers first."""
        return [*self.numeric, *self.strings]

    def only(self, names: Collection[str]) -> Columns:
        """Return those of the inputs that are among `names`."""
        return Columns(
            tuple(name for name in self.numeric if name in names), tuple(name for name in self.strings if name in names)
        )


@dataclass(frozen=True)
class ModelFamily:
    """A kind of model, its search space and how to build one member.

    Parameters
    ----------
    name
        Letters, digits and ``_``; the name under which trials are logged.
    space
        The hyperparameters to search over; those of a :class:`Branches` where its branch is drawn.
    build
        Called with the hyperparameters and the names of the inputs to use; gives an unfitted scikit-learn classifier or
        regressor that ignores other columns. It runs on Spark's workers and must therefore be importable there, or be defined in
        a notebook or a function.
    start
        Hyperparameters of the family's first trial, all of `space`, of branches those taken; empty: the first is drawn like the
        others.

    Examples
    --------
    >>> logistic_regression().start
    {'C': 0.1}
    """

    name: str
    space: Mapping[str, Dimension]
    build: Callable[[Mapping[str, Any], Columns], Any]
    start: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise InvalidInputError(f"{self.name!r} is not a family's name: use letters, digits and underscores.")
        odd = [name for name, dimension in self.space.items() if not hasattr(dimension, "expression")]
        if odd:
            raise InvalidInputError(
                f"The hyperparameter {odd[0]!r} of family {self.name} is {self.space[odd[0]]!r}: use Uniform, LogUniform, "
                "Integers, Choice or Branches, or a Dimension of your own."
            )
        if self.start and len(every_label(self.space)) > len(self.space):
            drawn_of(self.space, self.start)  # raises if the start is not one of the branches taken
        elif self.start and set(self.start) != set(self.space):
            odd = sorted(set(self.start) ^ set(self.space))
            raise InvalidInputError(
                f"The start of family {self.name} must give every hyperparameter once: {', '.join(odd)} is in only one "
                f"of start and space. {known(odd[0], self.space)}"
            )

    @classmethod
    def of(
        cls,
        estimator: Any,
        space: Mapping[str, Dimension] | None = None,
        *,
        name: str = "",
        encode: Literal["one_hot", "target", "ordinal"] = "one_hot",
        start: Mapping[str, Any] | None = None,
    ) -> ModelFamily:
        """Return a family of a scikit-learn estimator of your own, for example LightGBM's.

        Parameters
        ----------
        estimator
            Unfitted. A ``Pipeline`` is given all input columns as a frame. Any other estimator is given numbers: numeric inputs
            with the median in place of missing values and a column that says where one was missing, strings one-hot encoded
            (rare and unseen ones together).
        space
            Parameters as ``set_params`` names them, also nested (``model__alpha``); none: the estimator as it is.
        name
            Default: the class's name.
        encode
            Strings, for an estimator that is no pipeline: one-hot; by the mean target of their training rows, which for a
            training row is taken of other rows (scikit-learn's ``TargetEncoder``) and drawn to the overall mean; or, for
            trees, as numbers in the order of their names. Rare and unseen ones stand together.
        start
            The first trial's parameters; default: those of the estimator that are in `space`, where the space has them.

        Examples
        --------
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> family = ModelFamily.of(DecisionTreeClassifier(max_depth=3, random_state=0), {"max_depth": Integers(2, 8)})
        >>> family.name, family.start, family.build({"max_depth": 5}, Columns(("x",), ())).steps[-1][1]
        ('DecisionTreeClassifier', {'max_depth': 3}, DecisionTreeClassifier(max_depth=5, random_state=0))
        """
        if encode not in ("one_hot", "target", "ordinal"):
            raise InvalidInputError(f"There is no encoding {encode!r} of strings. Known: one_hot, target, ordinal.")
        known_params = estimator.get_params() if hasattr(estimator, "get_params") else None
        if known_params is None or not hasattr(estimator, "fit"):
            raise InvalidInputError(f"ModelFamily.of takes an unfitted scikit-learn estimator, found {estimator!r}.")
        space = dict(space or {})
        odd = [parameter for parameter in every_dimension(space) if parameter not in known_params]
        if odd:
            title = type(estimator).__name__
            raise InvalidInputError(f"{title} has no parameter {odd[0]!r}. {known(odd[0], known_params)}")
        if start is None:
            start = _own_start(space, known_params)
        return cls(name or type(estimator).__name__, space, partial(_build_own, estimator, encode), start)

    @property
    def drawn_start(self) -> dict[str, Any]:
        """What a search draws for the start, by label: of a choice, the place of its value."""
        return drawn_of(self.space, self.start)


def binary_families() -> tuple[ModelFamily, ...]:
    """Return the built-in families for classes, two or more."""
    return (hist_gradient_boosting(), logistic_regression())


def regression_families(error: str = "squared") -> tuple[ModelFamily, ...]:
    """Return the built-in families for a number; a linear one only for the ``"squared"`` error."""
    boosting = hist_gradient_boosting_regression(error)
    return (boosting, ridge_regression()) if error == "squared" else (boosting,)


def hist_gradient_boosting() -> ModelFamily:
    """Return histogram gradient boosting; missing numbers and rare or unseen strings go their own way in each split."""
    return _boosting_family("HistGradientBoostingClassifier", {})


def hist_gradient_boosting_regression(error: str = "squared") -> ModelFamily:
    """Return the same of numbers, for the mean ``"squared"`` or ``"absolute"`` error."""
    return _boosting_family("HistGradientBoostingRegressor", {"loss": f"{error}_error"})


def _boosting_family(estimator: str, fixed: Mapping[str, Any]) -> ModelFamily:
    return ModelFamily(
        name="hist_gradient_boosting",
        space={
            "learning_rate": LogUniform(0.03, 0.3),
            "max_iter": Integers(50, 250, log=True),
            "max_leaf_nodes": Integers(8, 63, log=True),
            "min_samples_leaf": Integers(20, 400, log=True),
            "l2_regularization": LogUniform(0.001, 10.0),
            "max_features": Uniform(0.3, 1.0),
        },
        build=partial(build_boosting, estimator, fixed),
        start={
            "learning_rate": 0.1,
            "max_iter": 100,
            "max_leaf_nodes": 31,
            "min_samples_leaf": 100,
            "l2_regularization": 1.0,
            "max_features": 0.7,
        },
    )


def logistic_regression() -> ModelFamily:
    """Return logistic regression on imputed, scaled numbers with missing indicators, and one-hot strings."""
    return ModelFamily(
        name="logistic_regression",
        space={"C": LogUniform(1e-4, 10.0)},
        build=_build_logistic,
        start={"C": 0.1},
    )


def ridge_regression() -> ModelFamily:
    """Return linear regression with a squared penalty, on the same columns as :func:`logistic_regression`."""
    return ModelFamily(
        name="ridge_regression",
        space={"alpha": LogUniform(1e-3, 1e4)},
        build=_build_ridge,
        start={"alpha": 1.0},
    )


def build_boosting(estimator: str, fixed: Mapping[str, Any], params: Mapping[str, Any], columns: Columns) -> Any:
    """Return a pipeline that encodes strings and ends with scikit-learn's histogram boosting of this name."""
    from sklearn import ensemble
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    # At most 254 categories, the last for all rare ones: the boosting bins a column into 255. Unseen strings are missing.
    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=float("nan"), max_categories=254)
    return Pipeline(
        [
            (
                "columns",
                ColumnTransformer(
                    [
                        ("strings", Pipeline([*_fill_strings(), ("encode", encode)]), list(columns.strings)),
                        ("numbers", "passthrough", list(columns.numeric)),
                    ]
                ),
            ),
            (
                "classify" if estimator.endswith("Classifier") else "predict",
                getattr(ensemble, estimator)(
                    **fixed,
                    **params,
                    categorical_features=list(range(len(columns.strings))),
                    early_stopping=False,  # its own split would be a random one, across time
                    random_state=0,
                ),
            ),
        ]
    )


def _build_logistic(params: Mapping[str, Any], columns: Columns) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    model = LogisticRegression(**params, max_iter=200)
    return Pipeline([("columns", _as_numbers(columns, scaled=True)), ("classify", model)])


def _build_ridge(params: Mapping[str, Any], columns: Columns) -> Any:
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import Pipeline

    return Pipeline([("columns", _as_numbers(columns, scaled=True)), ("predict", Ridge(**params))])


def _build_own(estimator: Any, encode: str, params: Mapping[str, Any], columns: Columns) -> Any:
    from sklearn.base import clone
    from sklearn.pipeline import Pipeline

    member = clone(estimator).set_params(**params)
    if isinstance(member, Pipeline):
        return member
    return Pipeline([("columns", _as_numbers(columns, encode=encode)), ("model", member)])


def _own_start(space: Space, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that an estimator has itself, of the branches that they take; none if one is not within the space."""
    found: dict[str, Any] = {}
    for name, one in space.items():
        if not _holds(one, values[name]):
            return {}
        found[name] = values[name]
        below = one.space(values[name]) if isinstance(one, Branches) else {}
        own = _own_start(below, values)
        if below and not own:
            return {}
        found |= own
    return found


def _holds(dimension: Dimension, value: Any) -> bool:
    """Say whether a value can be drawn from a dimension, so that a search may start with it."""
    low, high = getattr(dimension, "low", None), getattr(dimension, "high", None)
    if low is not None and high is not None:
        return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    try:
        dimension.drawn(value)
    except InvalidInputError:
        return False
    return True


def _as_numbers(columns: Columns, *, scaled: bool = False, encode: str = "one_hot") -> Any:
    """Return what makes of a frame a matrix of numbers without missing values."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.model_selection import KFold
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

    encoders: dict[str, Any] = {
        "one_hot": OneHotEncoder(
            handle_unknown="infrequent_if_exist", min_frequency=10, max_categories=100, sparse_output=False
        ),
        "target": TargetEncoder(cv=KFold(5, shuffle=True, random_state=0)),
        "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=10),
    }
    impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    numbers = Pipeline([("impute", impute), *([("scale", StandardScaler())] if scaled else [])])
    return ColumnTransformer(
        [
            ("strings", Pipeline([*_fill_strings(), ("encode", encoders[encode])]), list(columns.strings)),
            ("numbers", numbers, list(columns.numeric)),
        ]
    )


def _fill_strings() -> Sequence[tuple[str, Any]]:
    """Return steps that make NaN and None one category, whichever of them a caller's frame happens to carry."""
    from sklearn.impute import SimpleImputer

    return [
        (name, SimpleImputer(missing_values=gap, strategy="constant", fill_value="", keep_empty_features=True))
        for name, gap in (("nan", float("nan")), ("none", None))
    ]
