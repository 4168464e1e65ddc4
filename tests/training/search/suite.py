"""What every search engine must do. The test of an engine inherits the class; its `make` takes families and a seed."""

from __future__ import annotations

from headwater.training import Choice, Integers, LogUniform, ModelFamily, Uniform

FAMILIES = {
    "one": ModelFamily("one", {"x": Uniform(0, 1), "y": LogUniform(0.01, 1.0)}, dict, {"x": 0.5, "y": 0.1}),
    "two": ModelFamily("two", {"n": Integers(1, 9), "c": Choice(("a", [1, 2], None))}, dict),
}


class SearchEngineSuite:
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
