"""Every statement that the parser can give is done by some verb."""

import pytest

from headwater.sql import subjects
from headwater.sql.call import Call, execute
from headwater.sql.statement import Statement


def _kinds(kind):
    return {found for one in kind.__subclasses__() for found in ({one} | _kinds(one))}


def test_every_kind_of_statement_has_a_verb():
    assert subjects.__all__
    kinds = _kinds(Statement)
    assert len(kinds) > 30
    assert [kind.__name__ for kind in kinds if execute.dispatch(kind) is execute.dispatch(object)] == []


def test_a_statement_of_no_kind_is_named(spark):
    with pytest.raises(TypeError, match=r"No verb of headwater\.sql does Statement for"):
        execute(Statement(), Call(spark, spark.sql))
