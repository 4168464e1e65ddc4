"""What every statement must have: a form that a new subject, or a new statement, declares is tested here too."""

import itertools
from pathlib import Path

import pytest

import headwater.sql
from headwater.sql import SqlSyntaxError, parse
from headwater.sql.call import Call
from headwater.sql.openings import NAME, openings
from headwater.sql.parse import may_be_ours
from headwater.sql.registry import SUBJECTS, execute, forms
from headwater.sql.statement import Statement

EXAMPLES = [(form, example) for form in forms() for example in form.examples]
OPENINGS = [(form, opening) for form in forms() for pattern in form.openings for opening in openings(pattern)]
# The words after which Spark has no statement.
ALONE = sorted({o.words[: o.ours_after] for _, o in OPENINGS if o.ours_after is not None})


def _kinds(kind):
    return {found for each in kind.__subclasses__() for found in ({each} | _kinds(each))}


def _text(words):
    return " ".join("a.b" if word == NAME else word for word in words)


def test_every_folder_of_a_subject_is_listed():
    folders = {path.parent.name for path in Path(headwater.sql.__file__).parent.glob("*/__init__.py")}
    assert folders == set(SUBJECTS)


def test_every_statement_has_one_verb_and_every_form_an_example_of_each_of_its_statements():
    verbs = {}
    for form in forms():
        assert {type(parse(example)) for example in form.examples} == set(form.verbs)
        for kind, verb in form.verbs.items():
            assert verbs.setdefault(kind, verb) is verb, f"{kind.__name__} has two verbs"
    assert _kinds(Statement) == set(verbs)


@pytest.mark.parametrize(("form", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_an_example_is_read_by_its_own_form_however_it_is_spelled(form, example):
    for text in (example, f"-- why\n/* and */ {example} ;"):
        assert may_be_ours(text)
        assert type(parse(text)) in form.verbs
    lower = " ".join(word.lower() for word in example.split(" "))
    assert type(parse(lower)) is type(parse(example))


def test_no_two_forms_claim_the_same_opening_words():
    words = sorted(opening.words for _, opening in OPENINGS)
    assert [one for one, after in itertools.pairwise(words) if one == after] == []


@pytest.mark.parametrize("words", ALONE, ids=map(_text, ALONE))
def test_a_near_miss_is_refused_with_what_is_known(words):
    text = f"{_text(words)} = ?"
    with pytest.raises(SqlSyntaxError, match=r"^Expected .*, found '='") as caught:
        parse(text)
    next_words = {o.expected(len(words)) for _, o in OPENINGS if o.words[: len(words)] == words != o.words}
    assert all(each in str(caught.value) for each in next_words)


def test_a_statement_that_begins_with_the_words_of_none_is_sparks():
    heads = {opening.head for _, opening in OPENINGS}
    for head in heads:
        text = " ".join(("EXPLAIN", *head))
        assert not may_be_ours(text)
        assert parse(text) is None
        assert parse(f"SELECT '{' '.join(head)}'") is None


def test_a_statement_of_no_kind_is_named(spark):
    with pytest.raises(TypeError, match=r"No form in headwater\.sql has a verb for Statement"):
        execute(Statement(), Call(spark, spark.sql))
