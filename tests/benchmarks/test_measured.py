"""What benchmarks print is kept, a section for each command."""

from __future__ import annotations

from benchmarks.measured import Printed


def test_a_section_is_replaced_by_the_next_run_and_the_others_stay(tmp_path, capsys):
    document = tmp_path / "measured.md"
    for title, line in (("Search", "first"), ("Endpoints", "one"), ("Search", "second")):
        say = Printed(title, "python -m it")
        say(line)
        say.keep(document)
    text = document.read_text()
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## Endpoints", "## Search"]
    assert "first" not in text
    assert "second" in text
    assert "one" in text
    assert text.count("# Measured") == 1
    assert capsys.readouterr().out == "first\none\nsecond\n"
