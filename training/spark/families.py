"""Families of Spark's own machine learning, MLlib (``pyspark.ml``), for rows beyond one machine's memory."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from headwater.lakehouse import InvalidInputError, known, quoted
from headwater.training.models.families import Columns, ModelFamily
from headwater.training.models.nested import every_dimension
from headwater.training.models.space import Dimension

__all__ = ["LABEL", "WEIGHT", "SparkFamily"]

LABEL, WEIGHT = "label", "weight"
"""Columns of the rows that a pipeline is fitted on: MLlib's own default names."""


@dataclass(frozen=True)
class SparkFamily(ModelFamily):
    """A kind of model that Spark fits where the rows are; searched, judged, registered and scored like any other.

    Parameters
    ----------
    name, space, start
        As :class:`ModelFamily` has them.
    build
        Called with the hyperparameters and the names of the inputs; gives an unfitted ``pyspark.ml`` pipeline or estimator. It
        takes the inputs (numbers as double, strings), the label under the name ``label`` (a number; of several classes the
        place among the sorted classes) and, if the plan names one, the weight as ``weight``. It runs in this process, where the
        Spark session is.

    Notes
    -----
    The families of a plan are all of Spark or all of scikit-learn. Trials run one after the other, each over the whole cluster.
    A model of Spark answers a single row in some 0.1 s: switch the gate's latency off, ``Gate(latency_ms=None)``, for a model
    that scores batches.
    """

    @classmethod
    def of(  # type: ignore[override]
        cls,
        estimator: Any,
        space: Mapping[str, Dimension] | None = None,
        *,
        fixed: Mapping[str, Any] | None = None,
        name: str = "",
        start: Mapping[str, Any] | None = None,
    ) -> SparkFamily:
        """Return a family of one of MLlib's estimators.

        Its inputs are made numbers within each fit: missing numbers are the median, with a column that says where one was
        missing; strings are indexed, missing and unseen ones together, and one-hot encoded.

        Parameters
        ----------
        estimator
            The class, for example ``pyspark.ml.classification.RandomForestClassifier``: it needs no Spark session yet. Or an
            instance, whose parameters that were set are kept.
        space
            Its parameters by MLlib's names (``regParam``); none: the estimator as it is.
        fixed
            Parameters that are not searched over.
        name
            Default: the class's name.
        start
            The first trial's parameters, all of `space`; empty: the first is drawn.

        Raises
        ------
        InvalidInputError
            It is no estimator of MLlib, or has no parameter of a name.

        Examples
        --------
        >>> from headwater.training import LogUniform
        >>> from pyspark.ml.classification import LogisticRegression
        >>> family = SparkFamily.of(LogisticRegression, {"regParam": LogUniform(1e-4, 1.0)}, fixed={"maxIter": 50})
        >>> family.name
        'LogisticRegression'
        >>> SparkFamily.of(LogisticRegression, {"regparam": LogUniform(1e-4, 1.0)})
        Traceback (most recent call last):
        headwater.lakehouse.errors.InvalidInputError: LogisticRegression has no parameter 'regparam'. Did you mean 'regParam'?...
        """
        from pyspark.ml import Estimator, Pipeline

        kind = estimator if isinstance(estimator, type) else type(estimator)
        if not issubclass(kind, Estimator) or issubclass(kind, Pipeline):
            raise InvalidInputError(
                f"SparkFamily.of takes an estimator of pyspark.ml, found {estimator!r}. A pipeline of your own is "
                "SparkFamily(name, space, build), whose build gives it."
            )
        own = {} if isinstance(estimator, type) else {p.name: value for p, value in estimator._paramMap.items()}  # noqa: SLF001
        given, space = {**own, **(fixed or {})}, dict(space or {})
        params = _params(kind)
        odd = [one for one in (*every_dimension(space), *given) if one not in params]
        if odd:
            raise InvalidInputError(f"{kind.__name__} has no parameter {odd[0]!r}. {known(odd[0], params)}")
        address = f"{kind.__module__}:{kind.__qualname__}"
        return cls(
            name or kind.__name__, space, partial(_build, address, tuple(sorted(given.items()))), dict(start or {})
        )


def _params(kind: type[Any]) -> list[str]:
    """Return the names of an estimator's parameters, which its class has already."""
    from pyspark.ml.param import Param

    return [name for name in dir(kind) if isinstance(getattr(kind, name, None), Param)]


def _build(address: str, fixed: tuple[tuple[str, Any], ...], params: Mapping[str, Any], columns: Columns) -> Any:
    """Return the pipeline that makes numbers of the inputs, and the estimator at its end."""
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import Imputer, OneHotEncoder, SQLTransformer, StringIndexer, VectorAssembler

    module, _, name = address.partition(":")
    kind: Callable[[], Any] = getattr(importlib.import_module(module), name)
    texts, numbers = columns.strings, columns.numeric
    # By their places: MLlib takes no column whose name has a dot or a backtick.
    given = [f"CAST({quoted(one)} AS DOUBLE) AS __value_{at}" for at, one in enumerate(numbers)]
    given += [f"CAST({_missing(one)} AS DOUBLE) AS __missing_{at}" for at, one in enumerate(numbers)]
    # A missing string is like an empty one; the sign is there because MLlib takes no empty name of a category.
    given += [f"CONCAT('=', COALESCE({quoted(one)}, '')) AS __text_{at}" for at, one in enumerate(texts)]
    stages: list[Any] = [SQLTransformer(statement=f"SELECT *, {', '.join(given)} FROM __THIS__")]
    values, filled, missing = (
        [f"__{what}_{at}" for at in range(len(numbers))] for what in ("value", "filled", "missing")
    )
    words, indexed, hot = ([f"__{what}_{at}" for at in range(len(texts))] for what in ("text", "index", "hot"))
    if numbers:
        stages.append(Imputer(strategy="median", inputCols=values, outputCols=filled))
    if texts:
        stages.append(StringIndexer(inputCols=words, outputCols=indexed, handleInvalid="keep"))
        stages.append(OneHotEncoder(inputCols=indexed, outputCols=hot, handleInvalid="keep"))
    stages.append(VectorAssembler(inputCols=[*filled, *missing, *hot], outputCol="__inputs"))
    member = kind()
    member._set(**{**dict(fixed), **params})  # noqa: SLF001 - each class has a setter per name; this is what they call
    outputs = {
        "featuresCol": "__inputs",
        "labelCol": LABEL,
        "predictionCol": "__prediction",
        "probabilityCol": "__probability",
    }
    outputs["rawPredictionCol"] = "__raw"
    for column, value in outputs.items():
        if member.hasParam(column):
            member._set(**{column: value})  # noqa: SLF001
    return Pipeline(stages=[*stages, member])


def _missing(name: str) -> str:
    return f"({quoted(name)} IS NULL OR isnan({quoted(name)}))"
