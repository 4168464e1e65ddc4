"""What a feature table's properties say of it."""

import pytest

from headwater import lakehouse
from headwater.features import (
    delete_tag,
    get_feature_table,
    set_tag,
)


def test_rule_8_a_feature_table_says_what_it_is_and_a_missing_one_raises(spark, schema, table):
    assert (table.primary_keys, table.features, table.description) == (("id",), ("name", "v"), "what it is")
    assert table.tags == {"team": "x"}
    with pytest.raises(lakehouse.TableNotFoundError):
        get_feature_table(spark, f"{schema}.nope")
    lakehouse.create_table(spark, f"{schema}.plain", table.schema)
    with pytest.raises(ValueError, match="without a primary key, so it is not a feature table"):
        get_feature_table(spark, f"{schema}.plain")


def test_tags_are_set_replaced_and_removed(spark, table):
    set_tag(spark, table.name, "team", "y")
    set_tag(spark, table.name, "since", "2024")
    assert get_feature_table(spark, table.name).tags == {"team": "y", "since": "2024"}
    delete_tag(spark, table.name, "team")
    assert get_feature_table(spark, table.name).tags == {"since": "2024"}
    with pytest.raises(ValueError, match=r"has no tag 'team'. Known: since"):
        delete_tag(spark, table.name, "team")


def test_a_copied_table_is_still_a_feature_table(spark, schema, table, home):
    import shutil
    from pathlib import Path

    folder = Path(home) / "warehouse" / f"{schema.split('.')[1]}.db"
    shutil.copytree(folder / "f", folder / "copy")
    copy = get_feature_table(spark, f"{schema}.copy")
    assert (copy.primary_keys, copy.tags, copy.table_id) == (table.primary_keys, table.tags, table.table_id)
