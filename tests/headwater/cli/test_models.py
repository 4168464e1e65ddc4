"""The command ``headwater models`` on a store with a model of two versions."""

from __future__ import annotations

import mlflow
import pytest

from headwater import training
from headwater.cli.main import main
from headwater.lakehouse import Settings

NAME = "main.shop.returned"


@pytest.fixture
def registered(tmp_path, monkeypatch):
    """Give the settings of a store in which version 2 has replaced version 1 as champion."""
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path / ".headwater"))
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    settings = Settings()
    client = training.use_store(settings)
    client.create_registered_model(NAME)
    for number in (1, 2):
        run = client.create_run(client.create_experiment(f"e{number}"))
        client.log_metric(run.info.run_id, "log_loss", 0.5 - number / 10)
        client.log_param(run.info.run_id, "family", f"family {number}")
        client.create_model_version(NAME, f"{run.info.artifact_uri}/model", run.info.run_id)
        training.promote(NAME, str(number), reason=f"Reason {number}.", who="ada", settings=settings)
    yield settings
    mlflow.set_tracking_uri(before[0])
    mlflow.set_registry_uri(before[1])


def _run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["models", *words])
    return int(ended.value.code or 0)


def test_models_are_listed_compared_and_rolled_back(registered, capsys):
    assert _run("list") == 0
    assert capsys.readouterr().out.splitlines()[1].split() == [NAME, "2", "1"]
    assert _run("list", NAME) == 0
    newest, oldest = capsys.readouterr().out.splitlines()[1:]
    assert newest.startswith("2        champion")
    assert "Champion since" in newest
    assert "Replaced as champion by version 2" in oldest
    assert _run("compare", NAME, "champion", "1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[-1].strip() == "version 1"
    assert [line.split() for line in lines[1:]] == [
        ["log_loss", "0.3", "0.4"],
        ["family", "family", "2", "family", "1"],
    ]
    assert _run("rollback", NAME, "--reason", "Version 2 fails.") == 0
    assert "Version 1 of main.shop.returned is champion again, in place of version 2." in capsys.readouterr().out
    assert str(training.champion(NAME, settings=registered).version) == "1"


def test_what_is_not_there_is_named_with_what_is(registered, capsys):
    assert _run("compare", NAME, "7") == 1
    assert "no version or alias 7. It has 1, 2, champion, previous_champion." in capsys.readouterr().err
    assert _run("list", "main.shop.retuned") == 1
    assert "The registered model main.shop.retuned has no versions. Is it registered" in capsys.readouterr().err
