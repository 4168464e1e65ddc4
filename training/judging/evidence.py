"""What a gate looks at, and what it says of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

import pandas as pd

from headwater.training.judging.bootstrap import Difference

__all__ = ["Champion", "Check", "Evidence", "Verdict"]


@dataclass(frozen=True)
class Check:
    """One check: what was found, what was required, and both as a sentence."""

    name: str
    passed: bool
    found: float | str | None
    required: str
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """Whether the model passed, and every check with its reason.

    Examples
    --------
    >>> refused = Verdict((Check("latency", False, 9.0, "<= 2 ms", "It takes 9 ms a row."),))
    >>> refused.passed, refused.reason
    (False, 'Refused: It takes 9 ms a row.')
    """

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether there are checks and all passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def reason(self) -> str:
        """The refusing checks' sentences, or all sentences if none refused."""
        shown = [check.sentence for check in self.checks if not check.passed] or [
            check.sentence for check in self.checks
        ]
        return f"{'Passed' if self.passed else 'Refused'}: {' '.join(shown) or 'no check was made.'}"

    def to_json(self) -> str:
        """Return the verdict as JSON: `passed`, `reason`, `checks`; numbers that are not finite are null."""
        checks = [asdict(check) for check in self.checks]
        for check in checks:
            if isinstance(check["found"], float) and not math.isfinite(check["found"]):
                check["found"] = None
        return json.dumps({"passed": self.passed, "reason": self.reason, "checks": checks}, indent=1)


@dataclass(frozen=True)
class Champion:
    """What became of the comparison with the champion.

    `state` is ``"none"`` (no version has the alias), ``"compared"`` or ``"failed"`` (there is one, and loading or
    scoring it raised: `reason` says what).
    """

    state: Literal["none", "compared", "failed"]
    version: str = ""
    reason: str = ""
    difference: Difference | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """What the gate looks at, all of the same holdout rows.

    `slices` has the columns ``slice``, ``group``, ``rows``, ``loss_model`` and ``loss_reference``, the reference being the
    champion or, without one, the strongest baseline. `latency_ms` is milliseconds per row when scored one by one; `unit` is the
    losses'.
    """

    metrics: Mapping[str, float]
    baselines: Mapping[str, Difference]
    champion: Champion
    slices: pd.DataFrame
    latency_ms: float
    unit: str = "nats"
