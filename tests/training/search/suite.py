"""What every search engine must do. The test of an engine inherits the class; its `make` takes families and a seed."""

from __future__ import annotations

from headwater.training import Branches, Choice, Integers, LogUniform, ModelFamily, Uniform

FAMILIES = {
    "one": ModelFamily("one", {"x": Uniform(0, 1), "y": LogUniform(0.01, 1.0)}, dict, {"x": 0.5, "y": 0.1}),
    "two": ModelFamily("two", {"n": Integers(1, 9), "c": Choice(("a", [1, 2], None))}, dict),
}


NESTED = {
    "tree": ModelFamily(
        "tree",
        {
            "kind": Branches(
                {
                    "linear": {"c": LogUniform(0.01, 1.0)},
                    "deep": {"depth": Integers(1, 9), "grow": Branches({None: {}, "best": {"c": Uniform(5, 6)}})},
                }
            ),
            "x": Uniform(0, 1),
        },
        dict,
        {"kind": "deep", "depth": 3, "grow": "best", "c": 5.5, "x": 0.5},
    ),
    "two": FAMILIES["two"],
}


class SearchEngineSuite:
    def test_hyperparameters_of_a_branch_are_drawn_where_it_is(self, make):
        engine = make(NESTED, 3)
        asked = [engine.ask() for _ in range(80)]
        assert dict(asked[0].params) == NESTED["tree"].start
        seen = set()
        for one in asked:
            if one.family == "two":
                assert set(one.params) == {"n", "c"}
                continue
            params = one.params
            names = {"kind", "x"} | ({"depth", "grow"} if params["kind"] == "deep" else {"c"})
            names |= {"c"} if params.get("grow") == "best" else set()
            assert set(params) == names
            if "c" in params:
                assert 0.01 <= params["c"] <= 1.0 if params["kind"] == "linear" else 5 <= params["c"] <= 6
            seen.add((params["kind"], params.get("grow")))
        assert seen == {("linear", None), ("deep", None), ("deep", "best")}

    def test_it_learns_which_branch_is_better_and_where_in_it(self, make):
        engine = make({"tree": NESTED["tree"]}, 2)
        losses = []
        for _ in range(60):
            one = engine.ask()
            losses.append(abs(one.params["c"] - 0.1) if one.params["kind"] == "linear" else 2.0)
            engine.tell(one.number, losses[-1])
        assert sum(loss < 2 for loss in losses[-30:]) >= 20, "by chance it takes the better branch 15 times"
        assert min(losses) < 0.01

    def test_numbers_count_up_and_every_hyperparameter_has_a_value_within_its_bounds(self, make):
        engine = make(FAMILIES, 3)
        asked = [engine.ask() for _ in range(40)]
        assert [one.number for one in asked] == list(range(40))
        assert {one.family for one in asked} == {"one", "two"}
        for one in asked:
            assert set(one.params) == set(FAMILIES[one.family].space)
            if one.family == "one":
                assert 0 <= one.params["x"] <= 1
                assert 0.01 <= one.params["y"] <= 1.0
            else:
                assert one.params["n"] in range(1, 10)
                assert one.params["c"] in ("a", [1, 2], None)

    def test_a_familys_start_comes_first(self, make):
        first = make(FAMILIES, 3).ask()
        assert (first.family, first.params) == ("one", {"x": 0.5, "y": 0.1})

    def test_the_same_seed_asked_and_told_alike_proposes_the_same(self, make):
        def run(seed):
            engine, seen = make(FAMILIES, seed), []
            for _ in range(5):
                batch = [engine.ask() for _ in range(3)]
                for one in batch:
                    engine.tell(one.number, None if one.number == 4 else _loss(one))
                seen += [(one.family, dict(one.params)) for one in batch]
            return seen

        assert run(7) == run(7)
        assert run(7) != run(8)

    def test_it_learns_and_failed_trials_do_not_stop_it(self, make):
        engine = make({"one": FAMILIES["one"]}, 1)
        losses = []
        for number in range(60):
            one = engine.ask()
            failed = number % 5 == 4
            losses.append(float("nan") if failed else _loss(one))
            engine.tell(one.number, None if failed else losses[-1])
        early = [loss for loss in losses[:15] if loss == loss]  # noqa: PLR0124 - not NaN
        late = [loss for loss in losses[-15:] if loss == loss]  # noqa: PLR0124
        assert sum(late) / len(late) < sum(early) / len(early)


def _loss(one):
    return abs(one.params.get("x", 0.9) - 0.3) + (0.5 if one.family == "two" else 0.0)
