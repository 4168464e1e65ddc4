"""The report on real Delta tables, a real MLflow store, and in a real browser; no Spark."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from headwater import Project
from headwater.features import AggregationFunction, Avg, DeltaTableSource, Feature, FeatureGroup, SlidingWindow
from headwater.lakehouse import InvalidInputError, MissingColumnsError, Settings
from headwater.training import Holdout, RateBaseline, TrainingPlan, expected_calibration_error, use_store
from headwater.web.report import figures_markdown, monthly_figures, update_readme, weekly_figures, write_report
from headwater.web.report.tables import Store

MODEL = "main.air.late"
ODD = "wind<script>alert(1)</script>"
METRICS = {
    "rows": 400.0,
    "rate": 0.3,
    "roc_auc": 0.777,
    "log_loss": 0.444,
    "expected_calibration_error": 0.022,
    "brier": 0.1,
}


BASELINES = (RateBaseline(), RateBaseline("by_carrier", ("carrier",)))


def _plan(start: dt.datetime, end: dt.datetime) -> TrainingPlan:
    return TrainingPlan(
        model_name=MODEL,
        label="late",
        time_column="at",
        holdout=Holdout(start, end),
        baselines=BASELINES,
    )


def _project(**changes) -> Project:
    source = DeltaTableSource(catalog_name="main", schema_name="air", table_name="landings")
    delay = Feature(
        source=source,
        function=AggregationFunction(
            Avg("delay"), SlidingWindow(window_duration=dt.timedelta(hours=3), slide_duration=dt.timedelta(hours=1))
        ),
        entity="carrier",
        timeseries_column="landed_at",
        name=ODD,
    )
    facts = {
        "name": "air",
        "title": "Late <b>planes</b> & trains?",
        "groups": (FeatureGroup("main.air.delays", (delay,), description="Delays < by carrier"),),
        "lookups": (),
        "spine": lambda *_: None,
        "outcomes": lambda *_: None,
        "keys": ("id",),
        "time_column": "at",
        "label": "late",
        "plan": _plan,
        "model_name": MODEL,
        "baselines": BASELINES,
        "tables": "main.air",
    }
    return Project(**(facts | changes))


def _rows(start: str, days: int, per_day: int, version: str, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    count = days * per_day
    chance = rng.uniform(0.05, 0.9, count)
    return pd.DataFrame(
        {
            "id": np.arange(count),
            "at": pd.date_range(start, periods=count, freq=f"{24 * 60 // per_day}min", tz="UTC").astype(
                "datetime64[us, UTC]"
            ),
            "carrier": rng.choice(np.array(["UA", "AA", None], dtype=object), count),
            "late": pd.array(rng.random(count) < chance, dtype="boolean").astype("Int32"),
            "prediction": (chance >= 0.5).astype("int32"),
            "prediction_proba": chance,
            "model_version": version,
        }
    )


def _write(home: Path, name: str, rows: pd.DataFrame | pa.Table, **options) -> None:
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows, preserve_index=False)
    write_deltalake(home / "warehouse" / "air.db" / name, table, **options)


def _windows(starts: list[str]) -> list[dict[str, dt.datetime]]:
    days = [dt.datetime.fromisoformat(f"{start}T00:00:00+00:00") for start in starts]
    return [{"start": day, "end": day + dt.timedelta(days=7)} for day in days]


def _monitor(home: Path) -> None:
    window = pa.struct([("start", pa.timestamp("us", tz="UTC")), ("end", pa.timestamp("us", tz="UTC"))])
    weeks = _windows(["2013-10-07", "2013-10-14", "2013-10-21"])
    columns = [ODD, "carrier", "prediction_proba", "late"]
    drift = [
        {
            "window": week, "granularity": "1 week", "slice_key": None, "model_version": "*", "column_name": column,
            "drift_type": "BASELINE", "population_stability_index": None if column == "carrier" else 0.15 * number,
            "js_distance": 0.05 if column == "carrier" else None,
        }
        for number, week in enumerate(weeks, 1) for column in columns
    ]  # fmt: skip
    text, number = pa.string(), pa.float64()
    kinds = [
        ("window", window),
        ("granularity", text),
        ("slice_key", text),
        ("model_version", text),
        ("column_name", text),
    ]
    more = [("drift_type", text), ("population_stability_index", number), ("js_distance", number)]
    _write(home, "inference_drift_metrics", pa.Table.from_pylist(drift, schema=pa.schema(kinds + more)))
    profile = [
        {
            "window": week, "granularity": week and "1 week", "slice_key": None, "model_version": "*", "column_name": ODD,
            "log_type": "INPUT" if week else "BASELINE", "quantiles": np.linspace(0, 10 + at, 1000).tolist(),
        }
        for at, week in enumerate([None, *weeks])
    ]  # fmt: skip
    more = [("log_type", text), ("quantiles", pa.list_(number))]
    _write(home, "inference_profile_metrics", pa.Table.from_pylist(profile, schema=pa.schema(kinds + more)))
    names = ("rule", "column_name", "granularity", "model_id", "severity", "concerns", "message")
    told = [
        ("numeric drift", ODD, "1 week", "*", "warning", "drift", "far"),
        ("ROC area drop", ":table", "1 day", "1", "critical", "performance", "fell"),
    ]
    alerts = [{"window": week} | dict(zip(names, one, strict=True)) for week, one in zip(weeks, told, strict=False)]
    schema = pa.schema([("window", window), *((name, text) for name in names)])
    _write(home, "inference_alerts", pa.Table.from_pylist(alerts, schema=schema))


def _decided(home: Path) -> None:
    at = pd.to_datetime(["2013-10-15", "2013-10-22"], utc=True).astype("datetime64[us, UTC]")
    decisions = {
        "as_of": at,
        "model_version": "1",
        "retrain": [False, True],
        "reason": ["No alert.", "It <fell>."],
        "alerts": [0, 2],
    }
    _write(home, "retraining_decisions", pd.DataFrame(decisions))
    log = {"model_name": MODEL, "version": ["1", "2"], "action": ["promote", "refuse"], "champion": "1", "previous": ""}
    told = {"reason": ["Passed: It is better. By far.", "Refused: It is slow. 9 ms."], "who": "a<b", "at": at}
    _write(home, "promotions", pd.DataFrame(log | told))


def _registered(settings: Settings) -> None:
    client = use_store(settings)
    experiment = client.create_experiment("air", artifact_location=settings.artifacts.as_uri())
    client.create_registered_model(MODEL)
    for number, (start, end) in enumerate([("2013-09-01", "2013-10-01"), ("2013-10-01", "2013-10-20")], 1):
        run = client.create_run(experiment).info.run_id
        for key, value in {
            "family": "logistic",
            "holdout_start": f"{start} 00:00:00+00:00",
            "holdout_end": f"{end} 00:00:00+00:00",
            "gap": "1 day, 0:00:00",
        }.items():
            client.log_param(run, key, value)
        for key, value in METRICS.items():
            for name in ("", "overall_rate.", "by_carrier."):
                client.log_metric(run, name + key, value)
        tags = {
            "gate": "passed" if number == 1 else "refused",
            "promoted": str(number == 1).lower(),
            "reason": "<first>",
            "verdict": "Refused: no. Why.",
        }
        for key, value in tags.items():
            client.set_tag(run, f"headwater.{key}", value)
        client.create_model_version(MODEL, source=settings.artifacts.as_uri(), run_id=run)
    client.set_registered_model_alias(MODEL, "champion", "1")


@pytest.fixture(scope="module")
def rows() -> dict[str, pd.DataFrame]:
    held, live = _rows("2013-09-01", 30, 20, "1", 1), _rows("2013-10-01", 40, 20, "1", 2)
    live.loc[live.index[-15:], "late"] = None
    live.loc[live["at"] >= "2013-10-20", "model_version"] = "2"
    return {"fit": _rows("2013-07-01", 61, 10, "1", 3), "held": held, "live": live}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, rows: dict[str, pd.DataFrame]) -> Settings:
    """A store after a first training, three weeks of service and a second training."""
    home = tmp_path_factory.mktemp("store")
    settings = Settings(home=home)
    fit = rows["fit"].drop(columns=["prediction", "prediction_proba", "model_version"])
    unscored = rows["fit"].assign(prediction_proba=np.nan).astype({"prediction_proba": "Float64"})
    baseline = pd.concat([unscored, rows["held"].astype({"prediction_proba": "Float64"})])
    _write(home, "training_rows", pd.concat([fit, rows["held"][fit.columns]]))
    _write(home, "baseline", baseline)
    later = rows["live"].assign(prediction_proba=0.5, model_version="2")
    _write(home, "training_rows", later[fit.columns], mode="overwrite")
    _write(home, "baseline", later, mode="overwrite")
    _write(home, "inference", rows["live"])
    delays = pd.DataFrame({"carrier": ["UA"], "ts": pd.to_datetime(["2013-10-01"], utc=True), ODD: [1.0]})
    properties = {
        "headwater.primaryKeys": '["carrier", "ts"]',
        "headwater.materialized": '[["2013-09-01T00:00:00+00:00", "2013-10-02T00:00:00+00:00"]]',
    }
    _write(home, "delays", delays, description="Delays < by carrier")
    DeltaTable(home / "warehouse" / "air.db" / "delays").alter.set_table_properties(
        properties, raise_if_not_exists=False
    )
    _monitor(home)
    _decided(home)
    _registered(settings)
    return settings


@pytest.fixture(scope="module")
def page(settings: Settings) -> Path:
    result = write_report(settings, _project())
    assert result.rows == 7, "four on quality, two on drift, one on alerts"
    assert result.detail == f"Report: {settings.home / 'reports' / 'air.html'}"
    return settings.home / "reports" / "air.html"


def test_monthly_figures_are_those_of_scikit_learn_on_the_same_rows(settings, rows):
    found = monthly_figures(settings, _project()).set_index(["month", "predictor"])
    live = rows["live"].dropna(subset=["late"])
    fit = rows["fit"][rows["fit"]["at"] < "2013-08-31"]
    months = {
        "2013-09": rows["held"],
        "2013-10": live[live["at"] < "2013-11-01"],
        "2013-11": live[live["at"] >= "2013-11-01"],
    }
    assert list(found.index.unique("month")) == list(months)
    for month, part in months.items():
        label = part["late"].astype(int)
        by_carrier = RateBaseline("c", ("carrier",)).predict(fit, fit["late"].astype(int), part)
        chances = {
            "model": part["prediction_proba"],
            "overall_rate": np.full(len(part), fit["late"].mean()),
            "by_carrier": by_carrier,
        }
        for predictor, chance in chances.items():
            row = found.loc[(month, predictor)]
            assert row["rows"] == len(part)
            assert row["rate"] == pytest.approx(label.mean())
            assert row["predicted"] == pytest.approx(np.mean(chance))
            assert row["roc_auc"] == pytest.approx(roc_auc_score(label, chance))
            assert row["log_loss"] == pytest.approx(log_loss(label, chance))
            assert row["brier"] == pytest.approx(brier_score_loss(label, chance))
            assert row["expected_calibration_error"] == pytest.approx(expected_calibration_error(label, chance))
    assert found.loc["2013-09", "part"].tolist() == ["holdout"] * 3
    assert found.loc["2013-10", "part"].tolist() == ["live"] * 3


def test_the_holdouts_month_is_what_was_logged_once_its_rows_are_gone(settings, tmp_path):
    home = tmp_path / "copy"
    shutil.copytree(settings.home, home)
    shutil.rmtree(home / "warehouse" / "air.db" / "baseline")
    found = monthly_figures(Settings(home=home), _project()).set_index(["month", "predictor"])
    for predictor in ("model", "overall_rate", "by_carrier"):
        row = found.loc[("2013-09", predictor)]
        assert (row["rows"], row["part"]) == (400, "holdout")
        assert row[["roc_auc", "log_loss", "expected_calibration_error"]].tolist() == [0.777, 0.444, 0.022]


@pytest.mark.parametrize("missing", ["inference", "inference_profile_metrics", "training_rows", "inference_alerts"])
def test_a_table_that_is_missing_alone_leaves_the_rest_of_the_report(settings, tmp_path, missing):
    home = tmp_path / "copy"
    shutil.copytree(settings.home, home)
    shutil.rmtree(home / "warehouse" / "air.db" / missing)
    result = write_report(Settings(home=home), _project())
    assert 4 <= result.rows <= 7
    figures = monthly_figures(Settings(home=home), _project())
    assert figures.loc[0, ["month", "predictor", "rows"]].tolist() == ["2013-09", "model", 600]


def test_without_a_registry_the_baselines_are_still_fitted_before_the_holdout(settings, rows, tmp_path):
    home = tmp_path / "copy"
    shutil.copytree(settings.warehouse, home / "warehouse")
    found = monthly_figures(Settings(home=home), _project()).set_index(["month", "predictor"])
    assert found.loc[("2013-09", "overall_rate"), "predicted"] == pytest.approx(rows["fit"]["late"].mean())


def test_outcomes_that_the_label_cannot_have_are_left_out_and_counted(settings, rows, tmp_path):
    home = tmp_path / "copy"
    shutil.copytree(settings.home, home)
    odd = rows["live"].copy()
    odd.loc[odd.index[:3], "late"] = 7
    _write(home, "inference", odd, mode="overwrite")
    before, found = (monthly_figures(Settings(home=one), _project()) for one in (settings.home, home))
    assert found["rows"].sum() == before["rows"].sum() - 9  # three rows, of three predictors
    write_report(Settings(home=home), _project())
    page = (home / "reports" / "air.html").read_text()
    assert "3 rows with an outcome that &#39;late&#39; cannot have (binary) are left out." in page


def test_weekly_figures_start_on_mondays_and_hold_every_labelled_row(settings, rows):
    found = weekly_figures(settings, _project())
    model = found[found["predictor"] == "model"]
    assert set(model["week"].dt.dayofweek) == {0}
    assert model["week"].is_monotonic_increasing
    assert model["rows"].sum() == len(rows["held"]) + rows["live"]["late"].notna().sum()


def test_the_page_needs_nothing_from_the_network_and_is_small(page):
    text = page.read_text(encoding="utf-8")
    assert page.stat().st_size < 6_000_000
    ours = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert text.count("plotly.js v") <= 1
    assert not re.search(r"""(https?:)?//[a-z]""", ours)
    assert not re.search(r"<(link|img|iframe|object|embed)\b", ours)
    assert not re.search(r"@import|url\(", ours)
    assert list(page.parent.iterdir()) == [page], "no partial file is left"


def test_names_with_html_characters_are_escaped(page):
    text = page.read_text(encoding="utf-8")
    assert "alert(1)</script>" not in text
    assert "<b>planes</b>" not in text
    for shown in (
        "Late &lt;b&gt;planes&lt;/b&gt; &amp; trains?",
        "wind&lt;script&gt;",
        "It &lt;fell&gt;.",
        "a&lt;b",
        "Delays &lt; by carrier",
    ):
        assert shown in text


def test_the_page_tells_what_was_built_found_and_done(page):
    text = page.read_text(encoding="utf-8")
    for shown in (
        "2 versions of main.air.late", "1 Sep to 30 Sep 2013", "September 2013 (holdout)", "By version in service",
        "The monitor asked for a retraining after 1 of 2 steps.", "Version 1 cannot be compared with: ",
        "2 alerts in 2 weeks, 1 of them critical",
    ):  # fmt: skip
        assert shown in text
    headings = re.findall(r"<h[123]", text.split("<script>", maxsplit=1)[0])
    assert headings[0] == "<h1"
    assert text.count("<h2") == 5
    assert text.count('role="img" aria-label="Chart.') == 7


def _browse(page: Path, tmp_path: Path, *arguments: str) -> str:
    browser = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if browser is None:
        pytest.fail("The report is looked at in Chromium, and none is on this machine: apt-get install chromium.")
    quiet = (
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "hide-scrollbars",
    )
    flags = [
        f"--{flag}"
        for flag in ("headless", "no-sandbox", "disable-gpu", "disable-quic", "disable-dev-shm-usage", *quiet)
    ]
    offline = ["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--virtual-time-budget=10000"]
    command = [browser, *flags, *offline, f"--user-data-dir={tmp_path / 'profile'}", *arguments, page.as_uri()]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=50).stdout


def test_a_browser_without_a_network_draws_every_chart(page, tmp_path):
    dom = _browse(page, tmp_path, "--dump-dom")
    assert dom.count('data-drawn="yes"') == 7
    assert dom.count('<svg class="main-svg"') >= 7
    assert "alert(1)&lt;/script" in dom


@pytest.mark.parametrize("width", [420, 1400])
def test_the_drawn_page_is_not_blank(page, tmp_path, width):
    import matplotlib.image

    shot = tmp_path / "page.png"
    _browse(page, tmp_path, f"--window-size={width},5000", f"--screenshot={shot}")
    pixels = matplotlib.image.imread(shot)[:, :, :3]
    blue = np.abs(pixels - np.array([0x0B, 0x5F, 0xA5]) / 255).max(axis=2) < 0.02
    assert (pixels < 0.9).any(axis=2).mean() > 0.02
    assert blue.sum() > 1000, "the model's lines are drawn"


def test_an_empty_store_gives_a_page_that_says_what_is_missing(tmp_path):
    out = tmp_path / "new" / "first day.html"
    result = write_report(Settings(home=tmp_path / "store"), _project(), str(out))
    text = out.read_text(encoding="utf-8")
    assert (result.code, result.rows) == (0, 0)
    for shown in (
        "Nothing has been scored yet.", "There is no champion yet.", "No feature table has been written yet.",
        "No model has been registered yet.", "The monitor has compared no window with the baseline yet.",
        "No decision on retraining has been taken yet.", "No alert has been raised.",
    ):  # fmt: skip
        assert shown in text
    assert len(text) < 50_000, "without a chart there is no Plotly in it"
    assert not (tmp_path / "store").exists(), "reading makes no store"
    assert monthly_figures(Settings(home=tmp_path / "store"), _project()).empty
    assert "no figures yet" in figures_markdown(Settings(home=tmp_path / "store"), _project())


def test_figures_as_markdown_have_a_row_per_month_and_a_column_per_predictor(settings):
    lines = figures_markdown(settings, _project()).splitlines()
    assert lines[0] == "| month | rows with a known outcome | share late | model | overall rate | by carrier |"
    model = monthly_figures(settings, _project()).iloc[0]
    shown = " / ".join(f"{model[column]:.3f}" for column in ("roc_auc", "log_loss", "expected_calibration_error"))
    assert lines[2].startswith(f"| September 2013 (holdout) | 600 | {100 * model['rate']:.1f}% | {shown} |")
    assert len(lines) == 7


def test_readme_figures_are_replaced_between_the_markers_only(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- figures:begin -->\nold\n<!-- figures:end -->\nafter\n", encoding="utf-8")
    for _ in range(2):
        update_readme(readme, "| new |\n")
        assert readme.read_text() == "before\n<!-- figures:begin -->\n| new |\n<!-- figures:end -->\nafter\n"


@pytest.mark.parametrize("text", ["none", "<!-- figures:begin -->", "<!-- figures:end -->\n<!-- figures:begin -->"])
def test_a_readme_without_its_markers_is_left_alone(tmp_path, text):
    readme = tmp_path / "README.md"
    readme.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError, match=r"README\.md needs one line <!-- figures:begin -->"):
        update_readme(readme, "new")
    assert readme.read_text() == text


def test_a_column_that_a_table_lacks_is_named(settings):
    with pytest.raises(MissingColumnsError, match="tailnum"):
        Store(settings).read("main.air.inference", ["at", "tailnum"])
    missing = Store(settings).read("main.air.nothing", ["at", "window.start"])
    assert (len(missing), list(missing.columns)) == (0, ["at", "window.start"])
