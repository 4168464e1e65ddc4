"""The table of CONTRIBUTING that says which files a change touches."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _rows():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = text.partition("<!-- changes:begin -->")[2].partition("<!-- changes:end -->")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| change")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_files_that_a_change_touches_are_there_and_are_one_or_two():
    rows = _rows()
    assert len(rows) == len({row[0] for row in rows}) >= 10
    for change, files, held in rows:
        named = re.findall(r"`([^`]+)`", files)
        assert 1 <= len(named) <= 2, change
        for name in (*named, *re.findall(r"`([^`]+)`", held)):
            assert (ROOT / name).exists(), f"{change}: {name}"
        assert held, change
