"""Strings, comments and brackets of SQL: what stands in them counts as nothing else."""

import random
import subprocess
import sys

import pytest

from headwater.lakehouse.sql_tokens import blanked, split, tokens, without_comments

# Pieces of a text, each with what `blanked` makes of it; any of them may follow any other after a blank.
PIECES = {
    "SELECT": "SELECT",
    "f(a, b)": "f(a, b)",
    "1.5": "1.5",
    "a::int": "a::int",
    "${w}$v": "${w}$v",
    "$w.$v": "$w.$v",
    ";": ";",
    "'x; -- y'": "_",
    "'it\\'s; '": "_",
    '"q; /* r"': "_",
    "`c``d; `": "_",
    "$$ b; ' $$": "_",
    "r'raw\\'": "_",
    "-- it's; a comment\n": "",
    "/* of; 'two\nlines */": "",
    "/* in /* another */ ; */": "",
    "/*+ BROADCAST(t); */": "",
}
OPEN = {"'no; end": "_", '"no; end': "_", "`no; end": "_", "$$ no; end": "_", "/* no; end": "", "-- no; end": ""}


@pytest.mark.parametrize("seed", range(300))
def test_quotes_and_comments_are_blanked_in_texts_of_every_order(seed):
    chosen = random.Random(seed).choices([*PIECES], k=12)
    last = [random.Random(-seed).choice([*OPEN])] if seed % 2 else []
    pieces = [*chosen, *last]
    shown = [f"{(PIECES | OPEN)[piece]:{len(piece)}} " for piece in pieces]
    assert blanked(" ".join(pieces) + " ") == "".join(shown)
    bare = [piece for piece in pieces if (PIECES | OPEN)[piece]]
    assert without_comments(" ".join(pieces)).split() == " ".join(bare).split()


def test_tokens_stand_where_they_say():
    text = "CREATE OR  REPLACE -- c\nTABLE `a b`.t ORDER  BY 'it''s' || r'\\' X'1F' NOT\tNULL"
    shown = [text[token.start : token.end + 1] for token in tokens(text)]
    assert "".join(shown) == "".join(text.replace("-- c", "").split(" ")).replace("\n", "").replace("\t", "").replace(
        "`ab`", "`a b`"
    )
    assert [token.word for token in tokens(text)][:5] == ["CREATE", "OR", "REPLACE", "TABLE", ""]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("a 'b c", "UNCLOSED"), ("a `b", "UNCLOSED"), ("a /* b", "UNCLOSED_COMMENT"), ("$$ a 'b'", "UNCLOSED")],
)
def test_what_has_no_end_takes_the_rest_of_the_text(text, kind):
    last = tokens(text)[-1]
    assert (last.kind, last.end, last.has_end) == (kind, len(text) - 1, False)


def test_a_select_list_is_split_at_its_own_commas():
    text = (
        "*, -- all, of it\n nvl(a, 'x,y') AS b, m['k,'] AS c, CAST(s AS STRUCT<x: INT, y: INT>), 'it\\'s, ' AS `d, e`"
    )
    assert split(text, ",") == [
        "*",
        "-- all, of it\n nvl(a, 'x,y') AS b",
        "m['k,'] AS c",
        "CAST(s AS STRUCT<x: INT, y: INT>)",
        "'it\\'s, ' AS `d, e`",
    ]


def test_sqlglot_is_loaded_with_the_first_text_only():
    probe = (
        "import sys; from headwater.lakehouse import sql_tokens as t; before = 'sqlglot' in sys.modules; "
        "t.after_comments('-- a'); print(before, 'sqlglot' in sys.modules, t.tokens('a') and 'sqlglot' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False False True"
