"""Which form is taken, and why."""

from headwater.features.joins.planner import has_asof_join, plan_join
from headwater.features.joins.registry import join_forms
from headwater.features.joins.sides import Sides
from headwater.features.joins.time_slices import Slicing
from tests.features.joins.forms.test_every_form import SIDES


def test_every_form_is_taken_for_some_sides_and_every_sides_find_one():
    assert {plan_join(sides).form for sides in SIDES} == set(join_forms())


def test_the_planner_says_which_form_and_why(spark):
    assert plan_join(Sides(2**20, [2**30])).reason == "1,024 MiB of features for 1.0 MiB of labels"
    assert plan_join(Sides(2**26, [2**29], 200)).form == "narrow match, wide fetch"
    assert plan_join(Sides(2**30, [None])).form == "union and window"
    assert plan_join(Sides(2**30, [2**24, None])).form == "union and window, all tables in one sort"
    assert plan_join(Sides(2**20, [2**30], unfit_for_arrow="the key 'k' is double")).reason == "the key 'k' is double"
    assert plan_join(Sides(2**30, [2**35], tasks=2)).buckets == 33 * 2**30 // (48 << 20)
    sizes = [plan_join(Sides(0, [n << 20], tasks=2, is_repeatable=False)).buckets for n in (4, 40, 90, 100, 150, 400)]
    assert sizes == [1, 2, 2, 4, 6, 10]
    assert plan_join(Sides(2**20, [3 << 30], tasks=2)).buckets == 18
    assert [plan_join(Sides(2**20, [size << 30], 300, tasks=2)).buckets for size in (1, 100)] == [2, 22]
    assert plan_join(Sides(None, [2**20], tasks=2)).buckets == 24
    assert plan_join(Sides(5000, [9000], tasks=64)).buckets == 1
    assert plan_join(Sides(2**26, [2**24], tasks=2)).form == "small tables to all buckets"
    assert plan_join(Sides(2**26, [2**24], tasks=64)).form == "buckets of keys"
    assert plan_join(Sides(2**20, [2**30], tasks=2, is_repeatable=False)).form == "buckets of keys"
    assert plan_join(Sides(2**26, [2**29], 200, tasks=2, is_repeatable=False)).form == "buckets of keys"
    assert not has_asof_join(spark)


def test_hot_keys_of_large_tables_are_cut_where_tasks_are_many():
    assert plan_join(Sides(2**30, [2**30], tasks=2)).slicing is None
    assert plan_join(Sides(2**30, [2**28], tasks=64)).slicing is None
    plan = plan_join(Sides(2**30, [2**33], tasks=16))
    assert plan.form == "buckets of keys, hot ones by time"
    assert plan.slicing == Slicing(share=2**27 / 2**33, slices=32, one_in=256)
    assert plan.reason.endswith("keys with 1.6% of the rows or more in 32 slices of time")
