"""A table as text and as HTML."""

from headwater.notebook.kernel.tables import table_bundle


def test_a_wide_table_is_whole_as_html_and_as_text_has_the_columns_that_fit():
    columns = [f"column_{at:02}" for at in range(60)]
    shown = table_bundle(columns, [[at * 10**9 for at in range(60)] for _ in range(30)], cut=False)
    lines = shown["text/plain"].split("\n")
    assert max(map(len, lines)) <= 200
    assert lines[-2:] == ["… 10 more rows", "… 45 more columns"]
    assert shown["text/html"].count("<th>") == 60
    assert shown["text/html"].count("<td>") == 60 * 30


def test_one_column_is_shown_however_wide_and_long_values_are_cut():
    assert table_bundle(["c" * 300], [["x" * 300]], cut=True)["text/plain"] == "\n".join(
        ["c" * 39 + "…", "-" * 40, "x" * 39 + "…", "Only the first 1 rows are shown."]
    )


def test_secrets_are_taken_out_before_text_is_cut_or_escaped():
    secret = "<" + "s" * 50
    shown = table_bundle([secret], [[secret]], cut=False, redacted=lambda text: text.replace(secret, "[R]"))
    assert shown["text/plain"] == "[R]\n---\n[R]"
    assert "<th>[R]</th>" in shown["text/html"]
