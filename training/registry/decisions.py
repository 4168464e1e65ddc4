"""Decisions on who is champion, carried out as a whole: one that a kill has cut short is completed by the next.

A decision is a row of the log, aliases and tags, which no store writes in one step. So it is first written down, as a tag of the
registered model, and the tag goes when all is done. Each step may be taken twice.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from headwater.lakehouse import append, ensure_table, merge
from headwater.training.registry.descriptions import describe
from headwater.training.registry.promotion import Promotion

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from pyspark.sql import SparkSession

__all__ = ["Decision", "carry_out", "decision_of", "finish"]

_LOG = logging.getLogger("headwater.training")
_BEGUN = "headwater.deciding"  # tag of a registered model: the decision that is being carried out
_KEYS = ("model_name", "version", "action", "at")


@dataclass(frozen=True)
class Decision:
    """An entry of the log, the table it goes to, and what it changes.

    Attributes
    ----------
    aliases
        Version by alias; an empty one takes the alias away.
    replaced
        The champion that the version replaces, for a later rollback; None: nothing is noted.
    """

    entry: Promotion
    table: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    replaced: str | None = None

    def to_json(self) -> str:
        """Return the decision as text."""
        return json.dumps({**asdict(self), "entry": {**asdict(self.entry), "at": self.entry.at.isoformat()}})

    @classmethod
    def from_json(cls, text: str) -> Decision:
        """Return the decision that :meth:`to_json` wrote."""
        found: dict[str, Any] = json.loads(text)
        entry = found.pop("entry")
        return cls(Promotion(**{**entry, "at": dt.datetime.fromisoformat(entry["at"])}), **found)


def carry_out(client: MlflowClient, decision: Decision, spark: SparkSession | None) -> Promotion:
    """Write the decision down, take its steps, and return its entry."""
    client.set_registered_model_tag(decision.entry.model_name, _BEGUN, decision.to_json())
    _take_steps(client, decision, spark, again=False)
    return decision.entry


def finish(client: MlflowClient, model_name: str, versions: list[str], spark: SparkSession | None) -> Promotion | None:
    """Complete the decision that a killed process has begun, and return its entry; None if there is none.

    A decision on a version that has been deleted meanwhile is let go of, with a warning.
    """
    decision = decision_of(client, model_name)
    if decision is None:
        return None
    named = {decision.entry.version, *filter(None, decision.aliases.values())}
    if not named <= set(versions):
        _LOG.warning(
            "A killed process had begun to %s version %s of %s, and of the versions %s not all are left: it is let go of.",
            decision.entry.action, decision.entry.version, model_name, ", ".join(sorted(named)),
        )  # fmt: skip
        client.delete_registered_model_tag(model_name, _BEGUN)
        return None
    _take_steps(client, decision, spark, again=True)
    return decision.entry


def decision_of(client: MlflowClient, model_name: str) -> Decision | None:
    """Return the decision on a registered model that has begun and is not done; None if there is none."""
    text = client.get_registered_model(model_name).tags.get(_BEGUN)
    return Decision.from_json(text) if text else None


def _take_steps(client: MlflowClient, decision: Decision, spark: SparkSession | None, *, again: bool) -> None:
    entry = decision.entry
    if decision.table is not None:
        _write(entry, decision.table, spark, again=again)
    if decision.replaced is not None:
        client.set_model_version_tag(entry.model_name, entry.version, "headwater.replaced", decision.replaced)
    for alias, version in decision.aliases.items():
        if version:
            client.set_registered_model_alias(entry.model_name, alias, version)
        else:
            client.delete_registered_model_alias(entry.model_name, alias)
    _note(client, entry)
    client.delete_registered_model_tag(entry.model_name, _BEGUN)


def _note(client: MlflowClient, entry: Promotion) -> None:
    """Write the entry into the version's tags, and into the descriptions that people read."""
    at = f"{entry.at.isoformat(timespec='seconds')}Z"
    tags = {"action": entry.action, "at": at, "by": entry.who, "reason": entry.reason[:5000]}
    for key, value in tags.items():
        client.set_model_version_tag(entry.model_name, entry.version, f"headwater.{key}", value)
    describe(client, entry)


def _write(entry: Promotion, table: str, spark: SparkSession | None, *, again: bool) -> None:
    """Add the entry to the log; where it may be there already, only if it is not."""
    from pyspark.sql import SparkSession
    from pyspark.sql.types import StringType, StructField, StructType, TimestampType

    from headwater.lakehouse import session

    spark = spark or SparkSession.getActiveSession() or session()
    names = ("model_name", "version", "action", "champion", "previous", "reason", "who")
    fields = [StructField(name, StringType(), nullable=False) for name in names]
    schema = StructType([*fields, StructField("at", TimestampType(), nullable=False)])
    ensure_table(spark, table, schema, comment="Promotions, refusals and rollbacks of registered models")
    # A naive time would be read in this process's own time zone.
    row = (*(getattr(entry, name) for name in names), entry.at.replace(tzinfo=dt.UTC))
    rows = spark.createDataFrame([row], schema)
    if again:
        merge(rows, table, _KEYS)
    else:
        append(rows, table)
