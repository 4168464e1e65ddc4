"""What every online store must do. The test of a store inherits the class and gives `store`, and `other`, a second view of it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from headwater.serving.online.store import OnlineTable, PositionMovedError

ABOUT = OnlineTable(
    name="main.ml.customers",
    source="main.ml.customers_offline",
    source_id="1",
    keys=(("id", "bigint"),),
    features=(("x", "double"),),
    time="ts",
    mode="TRIGGERED",
    version=3,
    created=1_000,
    published=2_000,
    ttl=60.0,
)


class OnlineStoreSuite:
    def test_a_table_that_was_never_published_is_none(self, store):
        assert store.table("main.ml.nothing") is None
        assert store.read("main.ml.nothing", [1]) is None
        store.drop("main.ml.nothing")

    def test_rows_come_back_as_they_were_given_with_the_tables_description(self, store, other):
        store.replace(ABOUT, [[(7, b"seven"), (-8, b"")], [(2**63 - 1, b"\x00\xff*?[]")]])
        for reader in (store, other):
            found = reader.read(ABOUT.name, [2**63 - 1, 7, None, 9, 7, -8])
            assert found.rows == [b"\x00\xff*?[]", b"seven", None, None, b"seven", b""]
            assert found.table == reader.table(ABOUT.name) == ABOUT
            assert reader.tables() == [ABOUT]
            assert reader.read(ABOUT.name, []).rows == []
            assert reader.read(ABOUT.name, [None]).rows == [None]

    def test_keys_are_bytes_where_they_are_not_one_number(self, store):
        about = replace(ABOUT, keys=(("a", "string"), ("b", "int")))
        keys = [b"", b"\x00", b"a:*?[1]\\", "é".encode(), bytes(range(256))]
        store.replace(about, [[(key, bytes([at])) for at, key in enumerate(keys)]])
        assert store.read(about.name, keys).rows == [bytes([at]) for at in range(len(keys))]

    def test_more_keys_than_one_statement_takes_are_read_together(self, store):
        store.replace(ABOUT, [[(key, str(key).encode()) for key in range(0, 6_000, 2)]])
        found = store.read(ABOUT.name, range(6_000)).rows
        assert found[::2] == [str(key).encode() for key in range(0, 6_000, 2)]
        assert set(found[1::2]) == {None}

    def test_an_update_changes_adds_and_removes_and_moves_the_position(self, store, other):
        store.replace(ABOUT, [[(1, b"a"), (2, b"b"), (3, b"c")]])
        assert other.read(ABOUT.name, [1]).rows == [b"a"]
        store.update(replace(ABOUT, version=5), 3, [[(1, b"A"), (2, None)], [(4, b"d"), (99, None)]])
        found = other.read(ABOUT.name, [1, 2, 3, 4, 99])
        assert found.rows == [b"A", None, b"c", b"d", None]
        assert found.table.version == 5

    def test_an_update_from_another_position_changes_nothing(self, store):
        store.replace(ABOUT, [[(1, b"a")]])
        with pytest.raises(
            PositionMovedError, match="at version 2 of its source when this publish began and is at 3 now"
        ):
            store.update(replace(ABOUT, version=4), 2, [[(1, b"A")]])
        assert store.read(ABOUT.name, [1]).rows == [b"a"]
        assert store.table(ABOUT.name).version == 3

    @pytest.mark.parametrize("whole", [True, False])
    def test_a_publish_that_breaks_leaves_the_rows_before_it(self, store, other, whole):
        def rows():
            yield [(1, b"new"), (2, b"new")]
            message = "the source broke"
            raise RuntimeError(message)

        store.replace(ABOUT, [[(1, b"old")]])
        newer = replace(ABOUT, version=4)
        with pytest.raises(RuntimeError, match="the source broke"):
            store.replace(newer, rows()) if whole else store.update(newer, 3, rows())
        for reader in (store, other):
            assert reader.read(ABOUT.name, [1, 2]).rows == [b"old", None]
            assert reader.table(ABOUT.name) == ABOUT
        store.replace(newer, [[(1, b"newest")]])
        assert other.read(ABOUT.name, [1, 2]).rows == [b"newest", None]

    def test_a_reader_never_sees_half_a_publish(self, store, other):
        keys, ends, seen = list(range(200)), threading.Event(), []

        def reads():
            while not ends.is_set():
                found = other.read(ABOUT.name, keys)
                seen.append({(found.table.version, row) for row in found.rows})

        store.replace(replace(ABOUT, version=0), [[(key, b"0") for key in keys]])
        reader = threading.Thread(target=reads)
        reader.start()
        try:
            for version in range(1, 40):
                about, rows = replace(ABOUT, version=version), [(key, str(version).encode()) for key in keys]
                if version % 2:
                    store.update(about, version - 1, [rows[:100], rows[100:]])
                else:
                    store.replace(about, [rows[:100], rows[100:]])
        finally:
            ends.set()
            reader.join()
        assert seen
        assert all(len(one) == 1 and {(v, str(v).encode()) for v, _ in one} == one for one in seen)

    def test_the_oldest_table_comes_first_and_a_dropped_one_is_gone(self, store, other):
        for name, created in (("main.ml.b", 1), ("main.ml.a", 2), ("main.other.'\"/../x", 0)):
            store.replace(replace(ABOUT, name=name, created=created), [[(1, b"x")]])
        assert [table.created for table in other.tables()] == [0, 1, 2]
        assert other.read("main.ml.b", [1]).rows == [b"x"]
        store.drop("main.ml.b")
        assert other.read("main.ml.b", [1]) is None
        assert [table.created for table in other.tables()] == [0, 2]
