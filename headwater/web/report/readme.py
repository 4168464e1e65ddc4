"""The monthly figures as Markdown, and their place in a README."""

from __future__ import annotations

from pathlib import Path

from headwater.lakehouse import InvalidInputError, Settings
from headwater.project import Project
from headwater.web.report.figures import monthly_figures
from headwater.web.report.judged import HOLDOUT
from headwater.web.report.wording import inner, month, name_of, number, summary_text

__all__ = ["BEGIN", "END", "figures_markdown", "update_readme"]

BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"


def figures_markdown(settings: Settings, project: Project) -> str:
    """Return the monthly figures as a Markdown table: a row per month, a column per predictor.

    A predictor's cell has ROC AUC, log loss and expected calibration error. Without figures it is a sentence that says so.
    """
    monthly = monthly_figures(settings, project)
    if monthly.empty:
        return "There are no figures yet: nothing has been scored whose outcome is known."
    predictors = list(dict.fromkeys(monthly["predictor"]))
    problem = project.problem
    level = inner(problem.level(project.label))
    header = ["month", "rows with a known outcome", level, *(name_of(one) for one in predictors)]
    lines = [_line(header), _line(["---", *["---:"] * (len(header) - 1)])]
    for key, part in monthly.groupby("month", sort=False):
        first = part.iloc[0]
        held = " (holdout)" if first["part"] == HOLDOUT else ""
        by = part.set_index("predictor")
        cells = [
            " / ".join(number(float(by.loc[one, column])) for column in problem.shown) if one in by.index else "—"
            for one in predictors
        ]
        lines.append(_line([month(str(key)) + held, f"{int(first['rows']):,}", summary_text(first, problem), *cells]))
    return "\n".join([*lines, "", f"Each cell: {' / '.join(map(inner, problem.shown.values()))}."])


def update_readme(path: str | Path, text: str) -> None:
    """Replace what stands between the markers ``<!-- figures:begin -->`` and ``<!-- figures:end -->``.

    Raises
    ------
    InvalidInputError
        If a marker is missing, stands more than once, or they stand in the wrong order; the file is left alone.
    """
    file = Path(path)
    found = file.read_text(encoding="utf-8")
    if found.count(BEGIN) != 1 or found.count(END) != 1 or found.index(BEGIN) > found.index(END):
        raise InvalidInputError(
            f"{file} needs one line {BEGIN} and after it one line {END}: the figures are written between them."
        )
    before, _, rest = found.partition(BEGIN)
    after = rest.partition(END)[2]
    file.write_text(f"{before}{BEGIN}\n{text.strip()}\n{END}{after}", encoding="utf-8")


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
