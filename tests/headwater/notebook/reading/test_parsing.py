"""Source files and .ipynb as cells."""

import json
from pathlib import Path

import pytest

from headwater.notebook import read_notebook
from headwater.notebook.errors import NotebookFormatError, NotebookNotFoundError
from headwater.notebook.kernel.statements import fill_in, markers, split_statements, widget_statement
from headwater.notebook.reading.ipynb_format import parse_ipynb
from headwater.notebook.reading.magics import as_python, run_arguments
from headwater.notebook.reading.source_format import parse_source

HEADER = "# Databricks notebook source\n"


def _cells(text, name="a.py"):
    return parse_source(Path(name), text).cells


def _kinds(text, name="a.py"):
    return [(cell.kind, cell.code) for cell in _cells(text, name)]


def test_each_magic_at_the_head_of_a_cell_names_its_kind():
    kinds = {
        "%sql\n# MAGIC SELECT 1": "sql",
        "%sql SELECT 1": "sql",
        "%md # Title": "markdown",
        "%md-sandbox\n# MAGIC <b>x</b>": "markdown",
        "%sh ls": "shell",
        "%fs ls /": "fs",
        "%python\n# MAGIC x = 1": "python",
        "%run ./other": "python",
        "%pip install x": "python",
        "%scala\n# MAGIC val x = 1": "other",
        "%r\n# MAGIC x <- 1": "other",
        "%skip\n# MAGIC x": "skip",
    }
    for text, kind in kinds.items():
        (cell,) = _cells(f"{HEADER}# MAGIC {text}")
        assert cell.kind == kind, text


def test_lines_of_a_cell_keep_their_indentation_and_their_place_in_the_file():
    text = f"{HEADER}\n# DBTITLE 1,Orders, by day\n# MAGIC %sql\n# MAGIC SELECT\n# MAGIC   a,\n# MAGIC\n# MAGIC   b"
    (cell,) = _cells(text)
    assert (cell.title, cell.code, cell.line) == ("Orders, by day", "SELECT\n  a,\n\n  b", 5)
    assert text.split("\n")[cell.line - 1] == "# MAGIC SELECT"


def test_windows_line_ends_and_a_byte_order_mark_change_nothing():
    text = f"{HEADER}x = 1\n\n# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC SELECT 1\n"
    assert _cells("\ufeff" + text.replace("\n", "\r\n")) == _cells(text)


def test_empty_cells_fall_away_and_the_others_are_numbered_in_order():
    text = f"{HEADER}\n\n# COMMAND ----------\n\n# COMMAND ----------\n\nx = 1\n\n# COMMAND ----------\n# DBTITLE 1,Nothing\n"
    assert [(cell.number, cell.code) for cell in _cells(text)] == [(1, "x = 1")]


def test_a_separator_inside_a_string_separates_nothing():
    code = 'text = """\n# COMMAND ----------\nnot a cell\n"""'
    assert [code for _, code in _kinds(f"{HEADER}{code}\n\n# COMMAND ----------\n\ny = 1")] == [code, "y = 1"]


def test_a_cell_with_an_open_string_does_not_swallow_the_ones_after_it():
    kinds = _kinds(f'{HEADER}text = """broken\n\n# COMMAND ----------\n\ny = 1\n\n# COMMAND ----------\n\nz = 2')
    assert [code for _, code in kinds] == ['text = """broken', "y = 1", "z = 2"]


def test_a_comment_or_a_string_that_looks_like_a_separator_is_code():
    code = '# COMMAND line arguments\nx = "# COMMAND ----------"\n@property\ndef f(self):\n    # MAGICAL\n    return 1'
    assert _kinds(HEADER + code) == [("python", code)]


def test_comments_may_stand_before_the_magic():
    (cell,) = _cells(f"{HEADER}# the orders\n# MAGIC %sql\n# MAGIC SELECT 1")
    assert (cell.kind, cell.code, cell.line) == ("sql", "SELECT 1", 4)


def test_a_sql_notebook_has_sql_cells_and_python_by_magic():
    cells = ["SELECT 1;", "-- MAGIC %python\n-- MAGIC x = 1", "-- MAGIC %md\n-- MAGIC # T"]
    text = "-- Databricks notebook source\n" + "\n\n-- COMMAND ----------\n\n".join(cells)
    assert _kinds(text, "a.sql") == [("sql", "SELECT 1;"), ("python", "x = 1"), ("markdown", "# T")]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.py", "print(1)", "does not begin with '# Databricks notebook source'"),
        ("a.scala", "// Databricks notebook source\nval x = 1", "its language is Scala"),
        ("a.r", HEADER + "x <- 1", "its language is R"),
    ],
)
def test_what_is_no_notebook_is_refused_with_its_reason(name, text, sentence):
    with pytest.raises(NotebookFormatError, match=sentence):
        parse_source(Path(name), text)


def test_an_ipynb_of_databricks_is_read_with_its_titles_and_magics():
    cells = [
        {"cell_type": "markdown", "source": ["# T\n", "text"]},
        {
            "cell_type": "code",
            "metadata": {"application/vnd.databricks.v1+cell": {"title": "One"}},
            "source": ["%sql\n", "SELECT 1"],
        },
        {"cell_type": "code", "metadata": {}, "source": "!ls\nx = 1"},
        {"cell_type": "code", "source": []},
    ]
    made = parse_ipynb(
        Path("a.ipynb"), json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 0})
    )
    assert [(c.kind, c.code, c.title, c.line) for c in made.cells] == [
        ("markdown", "# T\ntext", "", 1),
        ("sql", "SELECT 1", "One", 2),
        ("python", "!ls\nx = 1", "", 1),
    ]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "not json", '{"cells": 1, "metadata": {"language_info": {"name": "scala"}}}']
)
def test_an_ipynb_that_cannot_be_read_is_refused(text):
    with pytest.raises(NotebookFormatError):
        parse_ipynb(Path("a.ipynb"), text)


def test_a_notebook_that_is_not_there_names_the_likely_one(write):
    file = write("setup.py", "x = 1")
    with pytest.raises(NotebookNotFoundError, match="Did you mean 'setup'"):
        read_notebook(file.with_name("setpu"))
    assert read_notebook(file.with_suffix("")).path == file


def test_line_magics_become_calls_on_their_own_lines():
    code = "import a\n%pip install \\\n  x y\n"
    code += "if a:\n    !echo {a}\nfiles = !ls\nx = 5 \\\n  % 3\n"
    code += "text = '''\n%not magic\n'''\n%time y = f(x)\npip install z\ny?"
    lines = as_python(code).split("\n")
    assert lines == [
        "import a",
        "__headwater_magic__('pip', 'install  x y')",
        "",
        "if a:",
        "    __headwater_magic__('!', 'echo {a}')",
        "files = __headwater_magic__('!=', 'ls')",
        "x = 5 \\",
        "  % 3",
        "text = '''",
        "%not magic",
        "'''",
        "y = f(x)",
        "__headwater_magic__('pip', 'install z')",
        "pass",
    ]


def test_python_without_magics_is_left_as_it_is():
    for code in ("x = (a\n % b)", "print('!')\n", "async def f(): pass\nawait f()"):
        assert as_python(code) == code


@pytest.mark.parametrize(
    ("rest", "path", "params"),
    [
        ("./a", "./a", {}),
        ("../x/a $b=1 $c='two words' $d=\"x=y\"", "../x/a", {"b": "1", "c": "two words", "d": "x=y"}),
        ('"./with space" $p = "v"', "./with space", {"p": "v"}),
        ("./a $n=$x", "./a", {"n": "$x"}),
    ],
)
def test_what_stands_after_run_is_a_path_and_parameters(rest, path, params):
    assert run_arguments(rest) == (path, params)


def test_statements_end_at_semicolons_outside_strings_comments_and_bodies():
    text = """-- first; comment
SELECT ';', "a;b", `c;d`, 'it''s; \\'x;' /* ; */ FROM t;
;
CREATE FUNCTION f(x INT) RETURNS INT LANGUAGE PYTHON AS $$
  a = 1; return a
$$;
SELECT 2 -- the end;
"""
    found = split_statements(text)
    assert [(one.text.split("\n")[-1], one.line) for one in found] == [
        ("SELECT ';', \"a;b\", `c;d`, 'it''s; \\'x;' /* ; */ FROM t", 1),
        ("$$", 3),
        ("SELECT 2 -- the end;", 6),
    ]
    assert split_statements("-- only a comment\n") == []
    script = "BEGIN DECLARE x INT; SET x = 1; SELECT x; END;"
    assert [one.text for one in split_statements(f"SELECT 1;\n{script}")] == ["SELECT 1", script[:-1]]


def test_widgets_are_filled_in_and_unknown_names_stay():
    assert fill_in("${a}.${b} $a \\$a getArgument('a')", {"a": "x'y"}) == "x'y.${b} x'y $a 'x\\'y'"
    assert markers("a = :a AND b::int = '::c' AND m[:d] = x:y -- :e") == {"a", "d"}
    assert widget_statement("-- a widget\nREMOVE WIDGET day").name == "day"
    made = widget_statement("create widget dropdown `my-w` default 'it' choices (values 'it', 'x')")
    assert (made.kind, made.name, made.default) == ("dropdown", "my-w", "it")
    assert widget_statement("SELECT 1") is None
