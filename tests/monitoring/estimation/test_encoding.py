"""What trees are given, and how many threads they take."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_info

from headwater.monitoring.estimation.encoding import one_thread


def threads(api):
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == api]


def test_two_threads_that_overlap_leave_every_pool_as_it_was():
    DecisionTreeRegressor().fit(np.eye(3), np.arange(3))  # loads OpenMP
    before = {api: threads(api) for api in ("openmp", "blas")}
    assert before["openmp"]
    second_began, first_ended = Event(), Event()

    def first():
        with one_thread():
            assert set(threads("openmp")) == {1}
            second_began.wait(10)
        first_ended.set()

    def second():
        with one_thread():
            second_began.set()
            first_ended.wait(10)
            assert set(threads("openmp")) == {1}

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(first)]
        time.sleep(0.05)
        running.append(pool.submit(second))
    for one in running:
        one.result()
    assert {api: threads(api) for api in before} == before
