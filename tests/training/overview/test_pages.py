"""The pages of a run: what stands in them, and that they need neither a script nor a network."""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from headwater import training
from headwater.training import Choice, Integers, LogUniform, ModelFamily, Multiclass, Regression, SearchResult, Trial
from headwater.training.evaluation import Evaluation
from headwater.training.judging.evidence import Champion, Evidence
from headwater.training.models.nested import Branches
from headwater.training.overview.challenge_page import challenge_page
from headwater.training.overview.search_page import search_page

FAMILIES = (
    ModelFamily(
        "boost", {"rate": LogUniform(0.01, 1.0), "leaves": Integers(2, 60), "loss": Choice(("a<b", None))}, dict
    ),
    ModelFamily("linear", {"solver": Branches({"plain": {}, "net": {"ratio": LogUniform(0.1, 1.0)}})}, dict),
)


def result(number: int = 24) -> SearchResult:
    """Give a search of two families with a failed trial, one given up, and one far off."""
    rng = np.random.default_rng(5)
    trials = []
    for at in range(number):
        if at % 3:
            params = {
                "rate": float(rng.uniform(0.02, 0.9)),
                "leaves": int(rng.integers(2, 60)),
                "loss": (None, "a<b")[at % 2],
            }
            loss = 0.3 + abs(params["rate"] - 0.2)
        else:
            params = {"solver": "net", "ratio": 0.5} if at % 2 else {"solver": "plain"}
            loss = 0.6 + 0.01 * at
        name = "boost" if at % 3 else "linear"
        trials.append(Trial(at, name, params, "ok", loss, 0.7, (loss - 0.02, loss + 0.02), (0.7, 0.7), 0.1))
    trials[4] = replace(trials[4], status="fail", loss=None, fold_losses=(), error="Trace\nValueError: <no>")
    trials[5] = replace(trials[5], status="pruned", fold_losses=trials[5].fold_losses[:1])
    trials[7] = replace(trials[7], loss=5e6)
    best = min((one for one in trials if one.status == "ok"), key=lambda one: one.loss)
    return SearchResult(best.family, best.params, best.loss, tuple(trials), "local", 12_345, training.Binary())


def parsed(page: str) -> ET.Element:
    """Give the page's body, which must be well formed, and hold neither script nor address."""
    assert "<script" not in page
    assert "http" not in page
    assert "url(" not in page
    assert len(page) < 150_000
    return ET.fromstring(re.search(r"<body>.*</body>", page, re.DOTALL).group(0))


def texts(body: ET.Element, tag: str) -> list[str]:
    return ["".join(one.itertext()) for one in body.iter(tag)]


def test_the_history_has_every_trial_at_the_height_of_its_loss():
    found = result()
    body = parsed(search_page(found, FAMILIES))
    points = {}
    for circle in body.iter("circle"):
        tip = circle.find("title")
        if tip is not None:
            points[int(re.match(r"Trial (\d+)", tip.text).group(1))] = float(circle.get("cy"))
    shown = [one for one in found.trials if one.loss is not None and one.number != 7]
    assert set(points) == {one.number for one in shown}
    by_loss = sorted(shown, key=lambda one: one.loss)
    heights = [points[one.number] for one in by_loss]
    assert heights == sorted(heights, reverse=True), "the smaller the loss, the lower on the page"
    assert [tip for tip in texts(body, "polygon") if tip.startswith("Trial 7, boost: 5e+06")], "cut off, and told"
    lead = texts(body, "p")
    assert lead[0].startswith(
        f"24 trials on 12,345 rows, each fitted once per fold. The best is trial {found.best.number}, boost"
    )
    assert "Without a loss: 1 trial (4). The first one's error ends: ValueError: <no>" in lead[2]


def test_parallel_coordinates_have_a_line_per_finished_trial_and_an_axis_per_hyperparameter():
    found = result()
    body = parsed(search_page(found, FAMILIES))
    lines = [one for one in body.iter("polyline") if one.get("class") == "trial"]
    done = [one for one in found.trials if one.status == "ok"]
    assert len(lines) == len(done)
    named = {int(re.match(r"Trial (\d+)", one.find("title").text).group(1)): one for one in lines}
    best = named[found.best.number]
    assert best.get("style") == "stroke-width:3"
    assert len(best.get("points").split()) == len(FAMILIES[0].space) + 1
    assert len(named[0].get("points").split()) == 3, "solver, ratio and the loss"
    written = texts(body, "text")
    for name in ("rate", "leaves", "loss", "solver", "ratio", "'a<b'", "None", "not used"):
        assert name in written
    shares = [one for one in texts(body, "h2") if "mattered" in one]
    assert shares == ["boost: which hyperparameters mattered", "linear: which hyperparameters mattered"]
    assert sum(one.endswith("%") for one in written) >= 3


def test_few_trials_and_a_family_without_a_space_have_a_page_too():
    few = result(9)
    assert "7 finished trials tell nothing" not in search_page(few, FAMILIES)
    assert "finished trials tell nothing of it: 8 are needed." in search_page(few, FAMILIES)
    plain = ModelFamily("plain", {}, dict)
    alone = Trial(0, "plain", {}, "ok", 0.5, 0.7, (0.5,), (0.7,), 0.1)
    page = search_page(SearchResult("plain", {}, 0.5, (alone,), "local", 10, training.Binary()), (plain,))
    assert "plain with no hyperparameters: a mean log loss of 0.5" in "".join(parsed(page).itertext())


def judged(problem, label, new, old):
    """Give an evaluation of a challenger and a champion on a month of rows, with the rows and their plan."""
    rows = len(label)
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2024-03-01", periods=rows, freq="40min"),
            "carrier": np.array(["UA", "<AA>", None], dtype=object)[np.arange(rows) % 3],
        }
    )
    answers = {"model": new, "champion": old}
    evidence = Evidence({}, {}, Champion("compared", "1"), pd.DataFrame(), 1.0)
    metrics = {name: problem.metrics(label, one) for name, one in answers.items()}
    evaluation = Evaluation(problem, label, answers, metrics, pd.DataFrame(), pd.DataFrame(), evidence)
    holdout = training.Holdout(dt.datetime(2024, 3, 1), dt.datetime(2024, 4, 1))
    plan = training.TrainingPlan(
        "main.m.late", "late", "time", holdout, problem=problem, slices=("carrier",), baselines=()
    )
    return evaluation, frame, plan


def test_a_challenger_stands_beside_the_champion_with_the_errors_of_the_paired_comparison():
    rng = np.random.default_rng(3)
    label = rng.integers(0, 2, 1000)
    new, old = np.clip(label * 0.4 + 0.3 + rng.normal(0, 0.15, (2, 1000)), 0.01, 0.99)
    old = 0.5 + (old - 0.5) * 0.3
    evaluation, frame, plan = judged(training.Binary(), label, new, old)
    body = parsed(challenge_page(evaluation, frame, plan, "4"))
    assert texts(body, "h1") == ["main.m.late: version 4 against the champion, version 1"]
    rows = {texts(row, "th")[0]: texts(row, "td") for row in body.iter("tr")}
    days = frame["time"].dt.normalize().to_numpy()
    for name, title in (("roc_auc", "ROC AUC (higher is better)"), ("log_loss", "log loss (lower is better)")):
        one = training.paired_jackknife(evaluation.problem, name, label, new, old, days)
        expected = [f"{one.old:.4g}", f"{one.new:.4g}", f"{one.difference:+.3g}", f"{one.low:+.3g} to {one.high:+.3g}"]
        assert rows[title][:4] == expected
    assert rows["log loss (lower is better)"][4] == "the challenger is better"
    tips = texts(body, "title")
    assert sum(tip.startswith("2024-03-") for tip in tips) == 2 * len(np.unique(days))
    slices = [tip for tip in tips if tip.startswith("carrier = ")]
    assert {one.partition(":")[0] for one in slices} == {"carrier = UA", "carrier = <AA>", "carrier = <missing>"}
    squares = [
        int(tip.rpartition(": ")[2].removesuffix(" rows").replace(",", ""))
        for tip in tips
        if "challenger" in tip and " to " in tip and tip.startswith("champion ")
    ]
    assert sum(squares) == 1000


def test_minutes_and_classes_have_a_page_and_without_a_champion_there_is_none():
    rng = np.random.default_rng(3)
    actual = rng.normal(10, 5, 600)
    evaluation, frame, plan = judged(Regression("minutes"), actual, actual + rng.normal(size=600), actual + 1)
    body = parsed(challenge_page(evaluation, frame, plan, "2"))
    assert any(text.startswith("Each square counts rows") for text in texts(body, "figcaption"))
    problem = Multiclass(("a", "b", "c"))
    evaluation, frame, plan = judged(problem, rng.integers(0, 3, 600), *rng.dirichlet([1, 1, 1], (2, 600)))
    body = parsed(challenge_page(evaluation, frame, plan, "2"))
    counts = [int(cell.replace(",", "")) for row in list(body.iter("table"))[1].iter("tr") for cell in texts(row, "td")]
    assert len(counts) == 9
    assert sum(counts) == 600
    alone = replace(evaluation, answers={"model": evaluation.answers["model"]})
    assert challenge_page(alone, frame, plan, "2") == ""


@pytest.mark.parametrize("rows", [1, 40])
def test_a_holdout_of_one_day_has_no_sampling_error(rows):
    rng = np.random.default_rng(3)
    label = np.arange(rows) % 2
    evaluation, frame, plan = judged(training.Binary(), label, *rng.uniform(0.1, 0.9, (2, rows)))
    frame = frame.assign(time=pd.Timestamp("2024-03-01"))
    assert "+nan to +nan" in challenge_page(evaluation, frame, plan, "2")
