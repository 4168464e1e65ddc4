"""The verdicts as docs/conformance.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.point_in_time.conformance.cases import Case, LongHistory
from benchmarks.point_in_time.conformance.grading import Verdict

__all__ = ["document"]

Verdicts = Mapping[str, Mapping[str, Verdict]]  # by contestant, by case

_BEGIN = """# Conformance of point-in-time joins

Written by `python -m benchmarks.point_in_time.conformance`; do not edit.

## What Headwater promises

**Exactly one output row per label row, in every case, on every engine.**

1. The output has the label rows, each as often as it was given, with all its columns unchanged. None is lost and none is
   multiplied, whatever is NULL, tied, double, missing, or in the future.
2. The features of a label row are those of **one** feature row, taken whole: a NULL in it stays NULL. It is the newest of
   those whose keys all equal the label's and whose time is at or before the label's and no older than the lookback
   (inclusive, in time that passed, whatever the clocks did).
3. NULL equals nothing: a label row with a NULL key or time gets NULLs; a feature row with a NULL key or time never counts.
4. Of several feature rows of one key and time the one counts whose features are the greatest, column by column in the order
   of the outputs, NULL lowest, maps passed over. (`create_table` and `write_table` refuse such rows, and NULL keys. Tables
   that others wrote may have them; here they do.)
5. Where there is no such row the features are NULL: never those of an older row, of another key, or of the future.

That holds to the microsecond, in the session's time zone whichever it is, and for every physical form of the join: which
form is taken changes the time it takes, never a row. `tests/features/joins/test_conformance.py` holds every form to every case
below whenever the code changes.

## The cases

All contestants get the same Parquet files, in a process of their own, and every row of what they give is compared with an
answer by brute force in plain Python. Peers are asked as their documentation says, without guards of our own around them.

- *lost*, *multiplied*: label rows that did not come out, and rows that came out beyond them;
- *other values*: rows with values that no choice among tied rows explains;
- *arbitrary*: rows with another one, whole, of several feature rows of one key and time. Where that is all there is no
  rule which, or one that goes by the order of rows. (Feast goes by a created timestamp where there is one; here is none.)
- *changed labels*: rows whose keys, time or other label columns are not those that were given;
- *failed*, *not finished*, *not sayable*: the number in brackets leads to the reason. These are at least not silent.
"""


def document(
    cases: Sequence[Case | LongHistory],
    contestants: Verdicts,
    forms: Verdicts,
    versions: Mapping[str, Mapping[str, str]],
    where: str,
) -> str:
    """Return the document.

    Parameters
    ----------
    forms
        Verdicts of each physical form of ours.
    versions
        By contestant, by distribution.
    where
        The machine and the day.
    """
    notes: dict[str, int] = {}
    lines = [_BEGIN, f"| case | {' | '.join(contestants)} |", f"|---|{'---|' * len(contestants)}"]
    for case in cases:
        cells = [_cell(verdicts[case.name], notes) for verdicts in contestants.values()]
        lines.append(f"| {case.name.replace('_', ' ')} | {' | '.join(cells)} |")
    lines.append(f"| **right** | {' | '.join(f'**{_score(one, cases)}**' for one in contestants.values())} |")
    lines += ["", "## Headwater's physical forms, each on its own", "", "| form | right | not right |", "|---|---|---|"]
    for name, verdicts in forms.items():
        wrong = [f"{case.name.replace('_', ' ')}: {_cell(verdicts[case.name], notes)}" for case in cases]
        wrong = [one for case, one in zip(cases, wrong, strict=True) if not verdicts[case.name].right]
        lines.append(f"| {name} | {_score(verdicts, cases)} | {'; '.join(wrong) or 'none'} |")
    if notes:
        lines += ["", "## Why there is no result", "", *[f"- [{number}] {said}" for said, number in notes.items()]]
    lines += ["", "## What each case is about", ""]
    lines += [f"- **{case.name.replace('_', ' ')}**: {case.sentence}." for case in cases]
    lines += ["", "## Versions", "", where, ""]
    lines += [f"- {name}: {_list(one)}" for name, one in versions.items()]
    return "\n".join(lines) + "\n"


def _cell(verdict: Verdict, notes: dict[str, int]) -> str:
    if not verdict.said:
        return str(verdict) if verdict.right else f"**{verdict}**"
    said = " ".join(verdict.said.split()).replace("|", "/")
    said = said if len(said) <= 160 else f"{said[:157]}…"
    number = notes.setdefault(said, len(notes) + 1)
    kinds = {"cannot be said": "not sayable", "not finished": "**not finished**"}
    kind = next((kind for start, kind in kinds.items() if said.startswith(start)), "**failed**")
    return f"{kind} [{number}]"


def _score(verdicts: Mapping[str, Verdict], cases: Sequence[Case | LongHistory]) -> str:
    return f"{sum(verdicts[case.name].right for case in cases)} of {len(cases)}"


def _list(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
