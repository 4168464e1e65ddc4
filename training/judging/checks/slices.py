"""No slice is much worse than the reference."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.training.judging.evidence import Check, Evidence

__all__ = ["SlicesCheck"]


@dataclass(frozen=True)
class SlicesCheck:
    """No slice of at least `rows` rows has a log loss more than `most` nats above the reference's."""

    most: float
    rows: int

    def judge(self, evidence: Evidence) -> list[Check]:
        """Return the check; see `GateCheck`."""
        required = f"log loss at most {self.most:g} above the reference's"
        table = evidence.slices[evidence.slices["rows"] >= self.rows] if len(evidence.slices) else evidence.slices
        if table.empty:
            return [Check("slices", True, None, required, f"No slice has {self.rows} rows to be judged on.")]
        excess = table["log_loss_model"] - table["log_loss_reference"]
        if excess.isna().any():
            return [
                Check(
                    "slices",
                    False,
                    None,
                    required,
                    f"Of {len(table)} slices, {int(excess.isna().sum())} have no log loss.",
                )
            ]
        worst = table.loc[excess.idxmax()]
        found = float(excess.max())
        sentence = (
            f"Of {len(table)} slices, {worst['slice']}={worst['group']} ({worst['rows']} rows) is worst: "
            f"log loss {worst['log_loss_model']:.4f} against {worst['log_loss_reference']:.4f}; "
            f"at most {self.most:g} more is allowed."
        )
        return [Check("slices", found <= self.most, found, required, sentence)]
