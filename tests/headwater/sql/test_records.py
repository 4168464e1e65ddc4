"""What is kept of catalogs, schemas and volumes, one file each: a damaged file costs itself alone."""

from __future__ import annotations

from pathlib import Path

from headwater.sql import records


def test_a_damaged_record_costs_itself_alone_and_is_set_aside_when_it_is_written_anew(spark, home, caplog):
    records.change(spark, "Volume", "main.kept.One", comment="first")
    records.change(spark, "Volume", "main.kept.two", comment="second")
    file = Path(home) / "catalog" / "volume" / "main.kept.one.json"
    for text, fault in (
        ('{"name": "main.k', "Unterminated string"),
        ("[1]", "it holds no name"),
        ("{}", "it holds no name"),
    ):
        file.write_text(text)
        assert set(records.names(spark, "Volume")) >= {"main.kept.one", "main.kept.two"}
        assert records.record(spark, "Volume", "main.kept.One") == {}
        assert records.record(spark, "Volume", "main.kept.two")["comment"] == "second"
        assert f"main.kept.one.json is damaged ({fault}" in caplog.text
        caplog.clear()
    records.change(spark, "Volume", "main.kept.One", comment="again")
    assert records.record(spark, "Volume", "main.kept.One") == {"name": "main.kept.One", "comment": "again"}
    (aside,) = (Path(home) / "set-aside").glob("main.kept.one.json-*")
    assert aside.read_text() == "{}"
    for name in ("main.kept.One", "main.kept.two"):
        records.forget(spark, "Volume", name)
