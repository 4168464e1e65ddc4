"""No slice is much worse than the reference."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.training.judging.evidence import Check, Evidence

__all__ = ["SlicesCheck"]


@dataclass(frozen=True)
class SlicesCheck:
    """No slice of at least `rows` rows has a loss more than `most` above the reference's.

    `most` is in the loss's unit, or, where `relative`, a share of the reference's loss.
    """

    most: float
    rows: int
    relative: bool = False

    def judge(self, evidence: Evidence) -> list[Check]:
        """Return the check; see `GateCheck`."""
        bound = f"{self.most:.0%}" if self.relative else f"{self.most:g} {evidence.unit}".strip()
        required = f"loss at most {bound} above the reference's"
        table = evidence.slices[evidence.slices["rows"] >= self.rows] if len(evidence.slices) else evidence.slices
        if table.empty:
            return [Check("slices", True, None, required, f"No slice has {self.rows} rows to be judged on.")]
        excess = table["loss_model"] - table["loss_reference"]
        if self.relative:
            excess = excess / table["loss_reference"]
        if excess.isna().any():
            none = int(excess.isna().sum())
            return [Check("slices", False, None, required, f"Of {len(table)} slices, {none} have no loss to compare.")]
        worst = table.loc[excess.idxmax()]
        found = float(excess.max())
        sentence = (
            f"Of {len(table)} slices, {worst['slice']}={worst['group']} ({worst['rows']} rows) is worst: "
            f"loss {worst['loss_model']:.4g} against {worst['loss_reference']:.4g}; at most {bound} more is allowed."
        )
        return [Check("slices", found <= self.most, found, required, sentence)]
