"""Quality of a classifier from its confusion matrix and pairwise wins: pure Python, definitions of scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

__all__ = ["auc_scores", "classification_scores", "fairness"]

Pair = tuple[str, str, int]


def classification_scores(confusion: Iterable[Pair]) -> dict[str, Any]:
    """Return accuracy, precision, recall and F1 of ``(prediction, label, count)`` triples.

    The classes are all that occur as prediction or label. A class that is never predicted has precision 0, one without
    labels recall 0. `weighted` weighs each class by its labels.

    Examples
    --------
    >>> scores = classification_scores([("1", "1", 2), ("1", "0", 1), ("0", "0", 1)])
    >>> scores["accuracy_score"], scores["recall"]["one_vs_all"]
    (0.75, {'0': 0.5, '1': 1.0})
    """
    triples = list(confusion)
    total = sum(count for _, _, count in triples)
    counts = _rates(triples)
    support = np.array([c["labels"] for c in counts.values()], dtype=float)
    scores: dict[str, Any] = {"accuracy_score": sum(n for p, label, n in triples if p == label) / total}
    parts: dict[str, dict[str, float]] = {"precision": {}, "recall": {}, "f1_score": {}}
    for name, c in counts.items():
        parts["precision"][name] = _ratio(c["hits"], c["predictions"])
        parts["recall"][name] = _ratio(c["hits"], c["labels"])
        parts["f1_score"][name] = _ratio(2 * c["hits"], c["predictions"] + c["labels"])
    for metric, by_class in parts.items():
        values = np.array(list(by_class.values()))
        weighted = float(values @ support / support.sum())
        scores[metric] = {"one_vs_all": by_class, "macro": float(values.mean()), "weighted": weighted}
    return scores


def auc_scores(pairs: Iterable[tuple[str, str, float, int]]) -> dict[str, Any] | None:
    """Return the area under the ROC curve from ``(class, label, wins, rows)``.

    `wins` is how many pairs of a row labelled `class` and one labelled `label` have the higher score for `class` in the
    first, a tie counting one half; where both are the same, `rows` is the number of rows with that label. A single class
    (a number as probability) stands for both sides. None where some class meets no other.

    Examples
    --------
    >>> auc_scores([("1", "1", 0.0, 2), ("1", "0", 3.0, 2)])["one_vs_one"]
    {'macro': 0.75, 'weighted': 0.75}
    """
    wins = {(name, label): (won, rows) for name, label, won, rows in pairs}
    rows_of = {label: rows for (_, label), (_, rows) in wins.items()}
    classes = sorted({name for name, _ in wins if name in rows_of})
    one_vs_all = {}
    for name in classes:
        others = {label: pair for (of, label), pair in wins.items() if of == name and label != name}
        if others:
            negatives = sum(rows for _, rows in others.values())
            one_vs_all[name] = sum(won for won, _ in others.values()) / (rows_of[name] * negatives)
    if not one_vs_all:
        return None
    if len({name for name, _ in wins}) == 1:
        (area,) = one_vs_all.values()
        labels = sorted(rows_of)
        both = dict.fromkeys(labels, area) if len(labels) == 2 else one_vs_all
        return {"one_vs_all": both, "one_vs_one": {"macro": area, "weighted": area}}
    areas, weights = [], []
    for i, a in enumerate(classes):
        for b in classes[i + 1 :]:
            pair = rows_of[a] * rows_of[b]
            areas.append((wins[a, b][0] + wins[b, a][0]) / pair / 2)
            weights.append(rows_of[a] + rows_of[b])
    pairwise: dict[str, float | None] = {"macro": None, "weighted": None}  # of classes without a pair
    if areas:
        pairwise = {"macro": float(np.mean(areas)), "weighted": float(np.average(areas, weights=weights))}
    return {"one_vs_all": one_vs_all, "one_vs_one": pairwise}


_FAIRNESS: Final = {
    "predictive_parity": ("hits", "predictions"),
    "predictive_equality": ("false_hits", "others"),
    "equal_opportunity": ("hits", "labels"),
    "statistical_parity": ("predictions", "rows"),
}


def fairness(protected: Iterable[Pair], others: Iterable[Pair]) -> Mapping[str, dict[str, float]]:
    """Return by class how the protected group's rates differ: protected - others, each class against the rest.

    ``predictive_parity``: precision; ``predictive_equality``: false positive rate; ``equal_opportunity``: recall;
    ``statistical_parity``: share predicted. A class is left out of a metric that one of the groups cannot have.

    Examples
    --------
    >>> fairness([("1", "1", 1), ("0", "1", 1)], [("1", "1", 2), ("0", "0", 1)])["equal_opportunity"]
    {'1': -0.5}
    """
    one, two = _rates(list(protected)), _rates(list(others))
    found: dict[str, dict[str, float]] = {metric: {} for metric in _FAIRNESS}
    for metric, (part, whole) in _FAIRNESS.items():
        for name in sorted(one.keys() | two.keys()):
            a, b = one.get(name, _absent(one)), two.get(name, _absent(two))
            if a[whole] and b[whole]:
                found[metric][name] = a[part] / a[whole] - b[part] / b[whole]
    return found


def _rates(triples: list[Pair]) -> dict[str, dict[str, int]]:
    rows = sum(count for _, _, count in triples)
    counts = {}
    for name in sorted({p for p, _, _ in triples} | {label for _, label, _ in triples}):
        predictions = sum(n for p, _, n in triples if p == name)
        labels = sum(n for _, label, n in triples if label == name)
        hits = sum(n for p, label, n in triples if p == label == name)
        counts[name] = {
            "rows": rows, "predictions": predictions, "labels": labels, "hits": hits,
            "false_hits": predictions - hits, "others": rows - labels,
        }  # fmt: skip
    return counts


def _absent(rates: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    rows = next((rate["rows"] for rate in rates.values()), 0)
    return {"rows": rows, "predictions": 0, "labels": 0, "hits": 0, "false_hits": 0, "others": rows}


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
