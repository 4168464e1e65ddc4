"""What every check of the gate keeps to; a new file in training/judging/checks is held to it by being there."""

import importlib
import math
import pkgutil
from dataclasses import is_dataclass, replace

import pandas as pd
import pytest

from headwater.training import Check
from headwater.training.judging import checks
from headwater.training.judging.bootstrap import Difference
from headwater.training.judging.evidence import Champion, Evidence
from headwater.training.judging.gate import Gate

EVERY = Gate(slice_share=0.1, least={"roc_auc": 0.6}, most={"expected_calibration_error": 0.1})

BETTER = Difference("log_loss", -0.02, -0.03, -0.01, 1.0, 500)
UNKNOWN = Difference("log_loss", math.nan, math.nan, math.nan, math.nan, 0)
TABLE = {"slice": ["carrier"], "group": ["UA"], "rows": [900], "loss_model": [0.4], "loss_reference": [0.41]}
GOOD = Evidence(
    metrics={"roc_auc": 0.75, "expected_calibration_error": 0.01},
    baselines={"overall_rate": BETTER},
    champion=Champion("compared", "3", difference=BETTER),
    slices=pd.DataFrame(TABLE),
    latency_ms=5.0,
)
NOTHING_KNOWN = Evidence(
    metrics={"roc_auc": math.nan, "expected_calibration_error": math.nan},
    baselines={"overall_rate": UNKNOWN},
    champion=Champion("failed", "3", "OSError: gone"),
    slices=pd.DataFrame(TABLE).assign(loss_reference=math.nan),
    latency_ms=math.nan,
)


def classes():
    """Return the check classes of the folder."""
    modules = [
        importlib.import_module(f"{checks.__name__}.{found.name}") for found in pkgutil.iter_modules(checks.__path__)
    ]
    named = [getattr(module, name) for module in modules for name in module.__all__ if name.endswith("Check")]
    return [one for one in named if is_dataclass(one)]


def test_every_check_of_the_folder_is_one_of_the_gates():
    assert {type(check) for check in EVERY.checks} == set(classes())


@pytest.mark.parametrize("check", EVERY.checks, ids=lambda check: type(check).__name__)
def test_a_check_passes_good_evidence_and_refuses_what_it_cannot_compute(check):
    passed, refused = check.judge(GOOD), check.judge(NOTHING_KNOWN)
    assert passed
    assert all(one.passed for one in passed)
    assert refused
    assert not any(one.passed for one in refused)
    for one in (*passed, *refused):
        assert one.sentence.endswith(".") or "OSError" in one.sentence
        assert one.sentence[0].isupper()
        assert one.name
        assert one.required


@pytest.mark.parametrize("check", EVERY.checks, ids=lambda check: type(check).__name__)
def test_a_check_raises_nothing_for_evidence_that_is_empty(check):
    empty = replace(GOOD, metrics={}, baselines={}, champion=Champion("none"), slices=pd.DataFrame())
    assert len(check.judge(empty)) == 1


def test_a_check_of_ones_own_counts_like_the_gates():
    class Never:
        def judge(self, evidence):
            del evidence
            return [Check("never", False, None, "nothing", "It is never passed.")]

    verdict = Gate(more=(Never(),)).judge(GOOD)
    assert verdict.reason == "Refused: It is never passed."
    assert Gate().judge(GOOD).passed
