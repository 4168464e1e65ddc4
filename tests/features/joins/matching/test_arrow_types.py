"""Which types are keys when rows are matched in Arrow."""

from pyspark.sql.types import StringType

from headwater.features.joins.matching.arrow_types import is_key


def test_strings_that_are_equal_by_a_collation_are_no_keys_in_arrow():
    assert is_key(StringType())
    assert not is_key(StringType("UTF8_LCASE"))
