from __future__ import annotations

import sqlite3

import pytest
from suite import ABOUT, OnlineStoreSuite

from headwater.serving.online.sqlite import SQLiteStore
from headwater.serving.online.store import StoreUnavailableError


class TestSQLiteStore(OnlineStoreSuite):
    @pytest.fixture
    def store(self, tmp_path):
        return SQLiteStore(tmp_path / "tables")

    @pytest.fixture
    def other(self, tmp_path):
        return SQLiteStore(tmp_path / "tables")

    def test_a_whole_publish_leaves_one_file_and_a_reader_of_the_old_one_goes_on(self, store, tmp_path):
        store.replace(ABOUT, [[(1, b"a")]])
        (old,) = tmp_path.glob("tables/*/*.db")
        reader = sqlite3.connect(f"file:{old}?mode=ro", uri=True)
        assert reader.execute("SELECT v FROM rows").fetchall() == [(b"a",)]
        store.replace(ABOUT, [[(1, b"b")]])
        assert reader.execute("SELECT v FROM rows").fetchall() == [(b"a",)]
        (new,) = tmp_path.glob("tables/*/*.db")
        assert new != old

    def test_files_of_a_publish_that_was_killed_go_with_the_next(self, store, tmp_path):
        store.replace(ABOUT, [[(1, b"a")]])
        (current,) = tmp_path.glob("tables/*/current")
        (current.parent / "killed.db").write_bytes(b"half")
        store.replace(ABOUT, [[(1, b"b")]])
        assert not (current.parent / "killed.db").exists()

    def test_a_damaged_file_is_said_and_the_next_whole_publish_mends_it(self, store, other, tmp_path):
        store.replace(ABOUT, [[(1, b"a")]])
        (file,) = tmp_path.glob("tables/*/*.db")
        file.write_bytes(b"no database at all" * 100)
        with pytest.raises(StoreUnavailableError, match=r"The online store .*tables does not answer"):
            other.read(ABOUT.name, [1])
        store.replace(ABOUT, [[(1, b"b")]])
        assert other.read(ABOUT.name, [1]).rows == [b"b"]

    def test_a_folder_that_cannot_be_written_is_said(self, store, tmp_path):
        (tmp_path / "tables").write_text("a file")
        with pytest.raises((StoreUnavailableError, OSError), match="tables"):
            store.replace(ABOUT, [[(1, b"a")]])
        (tmp_path / "tables").unlink()
