"""The checks after registration: the registered version is the judged model, and the champion is the one it was compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from headwater.lakehouse import Settings
from headwater.training.evaluation import Evaluation
from headwater.training.judging.evidence import Champion, Check, Verdict
from headwater.training.plan import TrainingPlan
from headwater.training.registry import registry

__all__ = ["last_checks"]

_COMPARED = 50  # rows on which a registered version is held against the judged model


def last_checks(
    verdict: Verdict,
    plan: TrainingPlan,
    evaluation: Evaluation,
    version: str,
    model: Any,
    inputs: pd.DataFrame,
    settings: Settings,
    load_model: Callable[[str], Any],
) -> Verdict:
    """Return the verdict with what can be checked only once the version is registered.

    Parameters
    ----------
    model, inputs
        The judged model, and the holdout's inputs.
    """
    checked = _unless_another(verdict, plan, version, model, inputs, load_model)
    return _unless_replaced(plan, checked, evaluation.evidence.champion, settings)


def _unless_another(
    verdict: Verdict,
    plan: TrainingPlan,
    version: str,
    model: Any,
    inputs: pd.DataFrame,
    load_model: Callable[[str], Any],
) -> Verdict:
    """Return the verdict, refused if the registered version does not load, or answers otherwise than the judged model."""
    rows, name, required = inputs.head(_COMPARED), "artefact", "loads, and answers as the judged model"
    try:
        loaded = load_model(f"models:/{plan.model_name}/{version}")
        answers = [plan.problem.answers(one, rows) for one in (loaded, model)]
    except Exception as error:  # noqa: BLE001 - whatever it is, the version must not serve
        sentence = f"The registered version {version} cannot be used: {type(error).__name__}: {error}"[:2000]
        return Verdict((*verdict.checks, Check(name, False, "failed", required, sentence)))
    same = np.allclose(answers[0], answers[1], rtol=1e-9, atol=1e-12, equal_nan=True)
    if same and not verdict.checks:  # a gate without checks refuses
        return verdict
    found = "the same" if same else f"differs by up to {np.abs(answers[0] - answers[1]).max():.4g}"
    sentence = f"The registered version {version}, loaded again, answers {len(rows)} rows of the holdout: {found}."
    return Verdict((*verdict.checks, Check(name, same, found, required, sentence)))


def _unless_replaced(plan: TrainingPlan, verdict: Verdict, compared: Champion, settings: Settings) -> Verdict:
    """Return the verdict, refused if another version became champion since the comparison."""
    now = registry.champion(plan.model_name, settings=settings)
    found = "" if now is None else str(now.version)
    if found == compared.version:
        return verdict
    sentence = (
        f"The champion is version {found or 'none'} now, and the comparison was with {compared.version or 'none'}: "
        "another training or a rollback came in between. Train again."
    )
    return Verdict(
        (*verdict.checks, Check("champion_unchanged", False, found, f"version {compared.version}", sentence))
    )
