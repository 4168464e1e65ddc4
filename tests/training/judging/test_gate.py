import json
import math

import pandas as pd
import pytest

from headwater.training import Check, Gate, Verdict
from headwater.training.judging.bootstrap import Difference
from headwater.training.judging.evidence import Champion, Evidence

BETTER = Difference("log_loss", -0.02, -0.03, -0.01, 1.0, 500)
NO_BETTER = Difference("log_loss", 0.001, -0.01, 0.012, 0.4, 500)
UNKNOWN = Difference("log_loss", math.nan, math.nan, math.nan, math.nan, 0)
SLICES = pd.DataFrame(
    {
        "slice": "carrier",
        "group": ["UA", "HA"],
        "rows": [900, 20],
        "loss_model": [0.4, 0.9],
        "loss_reference": [0.41, 0.3],
    }
)


def evidence(**changes):
    given = {
        "metrics": {"roc_auc": 0.75, "expected_calibration_error": 0.01},
        "baselines": {"overall_rate": BETTER},
        "champion": Champion("compared", "3", difference=BETTER),
        "slices": SLICES,
        "latency_ms": 5.0,
    }
    return Evidence(**(given | changes))


def refusing(verdict):
    return [check.name for check in verdict.checks if not check.passed]


def test_a_better_model_passes_all_checks():
    verdict = Gate().judge(evidence())
    assert verdict.passed
    assert [c.name for c in verdict.checks] == [
        "floor",
        "baseline.overall_rate",
        "champion",
        "slices",
        "calibration",
        "latency",
    ]
    assert verdict.reason.startswith("Passed: The ROC AUC on the holdout is 0.7500")


@pytest.mark.parametrize(
    ("changes", "check", "words"),
    [
        ({"metrics": {"roc_auc": 0.55, "expected_calibration_error": 0.01}}, "floor", "at least 0.6 is required"),
        ({"metrics": {"roc_auc": math.nan, "expected_calibration_error": 0.01}}, "floor", "nan"),
        ({"metrics": {"roc_auc": 0.75}}, "calibration", "differ by nan"),
        ({"metrics": {"roc_auc": 0.75, "expected_calibration_error": 0.2}}, "calibration", "at most 0.1 is allowed"),
        ({"baselines": {}}, "baseline", "no baseline"),
        ({"baselines": {"overall_rate": NO_BETTER}}, "baseline.overall_rate", "better in 40.0% of 500 resamples"),
        (
            {"champion": Champion("compared", "3", difference=NO_BETTER)},
            "champion",
            "version 3, the log loss changes by \\+0.001",
        ),
        ({"champion": Champion("compared", "3", difference=UNKNOWN)}, "champion", "nan"),
        ({"champion": Champion("compared", "3")}, "champion", "could not be compared"),
        (
            {"champion": Champion("failed", "3", "OSError: gone")},
            "champion",
            "could not be compared with: OSError: gone",
        ),
        (
            {"slices": SLICES.assign(rows=900)},
            "slices",
            "carrier=HA \\(900 rows\\) is worst: loss 0.9 against 0.3",
        ),
        ({"slices": SLICES.assign(loss_reference=math.nan)}, "slices", "Of 1 slices, 1 have no loss"),
        ({"latency_ms": 300.0}, "latency", "One row takes 300.0 ms"),
        ({"latency_ms": math.nan}, "latency", "nan ms"),
    ],
)
def test_each_check_refuses_by_itself_and_what_cannot_be_computed_never_passes(changes, check, words):
    verdict = Gate().judge(evidence(**changes))
    assert not verdict.passed
    assert refusing(verdict) == [check]
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(verdict.reason)


def test_no_champion_passes_and_says_so():
    verdict = Gate().judge(evidence(champion=Champion("none")))
    assert verdict.passed
    assert "There is no champion yet." in verdict.reason


def test_checks_can_be_switched_off_but_a_gate_without_checks_refuses():
    assert [c.name for c in Gate(least_roc_auc=None, slice_loss=None).judge(evidence()).checks] == [
        "baseline.overall_rate",
        "champion",
        "calibration",
        "latency",
    ]
    off = Gate(None, None, None, None, 200, None, None).judge(evidence())
    assert (off.passed, off.reason) == (False, "Refused: no check was made.")


def test_the_verdict_is_valid_json_also_with_nan():
    verdict = Verdict((Check("floor", False, math.nan, "x", "It is nan."),))
    assert json.loads(verdict.to_json()) == {
        "passed": False,
        "reason": "Refused: It is nan.",
        "checks": [{"name": "floor", "passed": False, "found": None, "required": "x", "sentence": "It is nan."}],
    }
