"""Whether two searches are the same, so that one can go on from the other's trials."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version as installed
from typing import Any

import pandas as pd

from headwater.training.models.families import ModelFamily
from headwater.training.problems.problem import Problem
from headwater.training.search.search import SearchPlan

__all__ = ["said_of", "search_digest"]


def search_digest(frame: pd.DataFrame, families: Sequence[ModelFamily], plan: SearchPlan, problem: Problem) -> str:
    """Return a digest that is equal for the same rows, families, plan and problem, and the same scikit-learn.

    The number of trials, the limits of time and of failures, and the backend are left out: trials do not depend on them.
    """
    columns = repr([(str(name), str(kind)) for name, kind in frame.dtypes.items()])
    said = [columns, *said_of(families, plan, problem, installed("scikit-learn"))]
    digest = hashlib.sha256("\n".join(said).encode())
    digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()


def said_of(families: Sequence[ModelFamily], plan: SearchPlan, problem: Problem, library: str) -> list[str]:
    """Return as texts all that trials depend on but for the rows; `library` is the version of what fits them."""
    batch = plan.batch or plan.parallelism
    alike = replace(
        plan, trials=1, parallelism=1, batch=batch, timeout=None, failures=None, patience=None, backend="auto"
    )
    return [
        repr(alike),
        repr(problem),
        library,
        *(
            repr((one.name, sorted(one.space.items()), sorted(one.start.items()), _named(one.build)))
            for one in families
        ),
    ]


def _named(build: Any) -> str:
    """Return what builds a family's members by its name: a function's own text has its place in memory."""
    if isinstance(build, partial):
        return f"{_named(build.func)}{build.args!r}{sorted(build.keywords.items())!r}"
    return f"{getattr(build, '__module__', '')}.{getattr(build, '__qualname__', type(build).__qualname__)}"
