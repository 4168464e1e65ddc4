from __future__ import annotations

import uuid

import pytest
from suite import ABOUT, OnlineStoreSuite

from headwater.serving.online.redis import RedisStore
from headwater.serving.online.store import StoreUnavailableError


class TestRedisStore(OnlineStoreSuite):
    @pytest.fixture
    def prefix(self):
        return f"test-{uuid.uuid4().hex}:"

    @pytest.fixture
    def store(self, redis_url, prefix):
        return RedisStore(redis_url, prefix)

    @pytest.fixture
    def other(self, redis_url, prefix):
        return RedisStore(redis_url, prefix)

    def test_nothing_of_an_older_publish_stays(self, store, redis_url, prefix):
        from redis import Redis

        for _ in range(3):
            store.replace(ABOUT, [[(key, b"x") for key in range(100)]])
        server = Redis.from_url(redis_url)
        assert len(list(server.scan_iter(f"{prefix}row:*"))) == 100
        store.drop(ABOUT.name)
        assert list(server.scan_iter(f"{prefix}*")) == []

    def test_two_stores_of_one_server_are_apart(self, store, redis_url):
        store.replace(ABOUT, [[(1, b"a")]])
        assert RedisStore(redis_url, "another:").tables() == []


def test_a_server_that_is_not_there_is_said_without_its_password():
    store = RedisStore("redis://user:secret@127.0.0.1:1/0")
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1 does not answer") as raised:
        store.read("t", [1])
    assert "secret" not in str(raised.value)
