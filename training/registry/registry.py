"""Who is champion: aliases of registered model versions, and the log of how they came to be.

The aliases are ``champion`` (serves), ``challenger`` (the newest that is not champion) and ``previous_champion`` (what a rollback
goes back to). Every change is written into the version's tags, and into a Delta table if one is named. A model that is not
registered yet is a normal case: it has no champion.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.lakehouse import Settings, append, ensure_table, store_lock
from headwater.training.errors import ModelVersionError
from headwater.training.registry.tracking import client_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from pyspark.sql import SparkSession

__all__ = ["Promotion", "challenge", "champion", "promote", "refuse", "rollback"]

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous_champion"


@dataclass(frozen=True)
class Promotion:
    """One entry of the promotion log.

    `action` is ``promote``, ``refuse`` or ``rollback``; `version` the one that it is about; `champion` the champion
    afterwards, `previous` the one that was before; both empty if none. `at` is UTC.
    """

    model_name: str
    version: str
    action: str
    champion: str
    previous: str
    reason: str
    who: str
    at: dt.datetime


def champion(model_name: str, *, settings: Settings | None = None) -> ModelVersion | None:
    """Return the version with the alias ``champion``, or None if the model or the alias is not there.

    Any other trouble with the registry is raised, never taken for None.
    """
    client = client_of(settings or Settings())
    version = _aliases(client, model_name).get(CHAMPION)
    return client.get_model_version(model_name, version) if version else None


def challenge(model_name: str, version: str, *, settings: Settings | None = None) -> None:
    """Give the version the alias ``challenger``."""
    client = client_of(settings or Settings())
    versions = _versions(client, model_name)
    if version not in versions:
        raise ModelVersionError(model_name, f"version {version}", versions)
    client.set_registered_model_alias(model_name, CHALLENGER, version)


def promote(
    model_name: str,
    version: str,
    *,
    reason: str,
    who: str = "",
    table: str | None = None,
    spark: SparkSession | None = None,
    settings: Settings | None = None,
) -> Promotion:
    """Make the version champion, and the champion so far the previous one.

    Run again with the champion's own version, it changes no alias. The log's row comes first: killed after it, run it again.
    Promotions of one model in several processes of an embedded store take turns.

    Parameters
    ----------
    reason
        Written down with the change.
    who
        Who or what decided; empty: the user of this process.
    table, spark
        A Delta table that gets one more row, made where it is missing, and the session to write with.

    Raises
    ------
    ModelVersionError
        If there is no such version.
    """

    def move(client: MlflowClient, aliases: Mapping[str, str]) -> None:
        before = aliases.get(CHAMPION, "")
        if before != version:
            client.set_model_version_tag(model_name, version, "headwater.replaced", before)
            if before:
                client.set_registered_model_alias(model_name, PREVIOUS, before)
            client.set_registered_model_alias(model_name, CHAMPION, version)
        if aliases.get(CHALLENGER) == version:
            client.delete_registered_model_alias(model_name, CHALLENGER)

    return _changed(model_name, version, "promote", move, _Record(reason, who, table, spark), settings)


def refuse(
    model_name: str,
    version: str,
    *,
    reason: str,
    who: str = "",
    table: str | None = None,
    spark: SparkSession | None = None,
    settings: Settings | None = None,
) -> Promotion:
    """Write down why the version does not become champion; no alias changes."""
    return _changed(model_name, version, "refuse", None, _Record(reason, who, table, spark), settings)


def rollback(
    model_name: str,
    *,
    reason: str,
    who: str = "",
    table: str | None = None,
    spark: SparkSession | None = None,
    settings: Settings | None = None,
) -> Promotion:
    """Make the previous champion champion again; a second call goes back one further.

    Raises
    ------
    ModelVersionError
        If there is no previous champion.
    """

    def move(client: MlflowClient, aliases: Mapping[str, str]) -> None:
        version = aliases[PREVIOUS]
        client.set_registered_model_alias(model_name, CHAMPION, version)
        earlier = client.get_model_version(model_name, version).tags.get("headwater.replaced", "")
        if earlier in _versions(client, model_name):
            client.set_registered_model_alias(model_name, PREVIOUS, earlier)
        else:
            client.delete_registered_model_alias(model_name, PREVIOUS)

    return _changed(model_name, None, "rollback", move, _Record(reason, who, table, spark), settings)


@dataclass(frozen=True)
class _Record:
    """What is written down with a change of aliases, and where."""

    reason: str
    who: str
    table: str | None
    spark: SparkSession | None


def _changed(
    model_name: str,
    version: str | None,
    action: str,
    move: Callable[[MlflowClient, Mapping[str, str]], None] | None,
    record: _Record,
    settings: Settings | None,
) -> Promotion:
    """Return the log's entry after the change: written into the table, then the aliases moved, then noted at the version.

    Parameters
    ----------
    version
        The version that the change is about; None: the previous champion.
    move
        Moves the aliases, given as they are; then `version` is champion. None: they stay, and so does the champion.
    """
    settings = settings or Settings()
    client = client_of(settings)
    with _turn(settings, model_name):
        aliases, versions = _aliases(client, model_name), _versions(client, model_name)
        subject = aliases.get(PREVIOUS, "") if version is None else version
        if subject not in versions:
            title = f"alias {PREVIOUS}" if version is None else f"version {version}"
            raise ModelVersionError(model_name, title, versions)
        before = aliases.get(CHAMPION, "")
        at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        who, champion_after = record.who or _user(), before if move is None else subject
        entry = Promotion(model_name, subject, action, champion_after, before, record.reason, who, at)
        if record.table is not None:
            _append(entry, record.table, record.spark)
        if move is not None:
            move(client, aliases)
        _note(client, entry)
    return entry


@contextlib.contextmanager
def _turn(settings: Settings, model_name: str) -> Iterator[None]:
    """Let this process alone change the model's aliases within; a tracking server has no lock of ours."""
    if settings.tracking_uri:
        yield
        return
    with store_lock(settings.home, f"model {model_name}"):
        yield


def _aliases(client: MlflowClient, model_name: str) -> dict[str, str]:
    """Return the aliases' versions; none if the model is not registered."""
    from mlflow.exceptions import MlflowException

    try:
        aliases = client.get_registered_model(model_name).aliases
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}:
            return {}
        raise
    return {str(alias): str(version) for alias, version in aliases.items()}


def _versions(client: MlflowClient, model_name: str) -> list[str]:
    quote = '"' if "'" in model_name else "'"
    versions = client.search_model_versions(f"name = {quote}{model_name}{quote}")
    return sorted((str(version.version) for version in versions), key=int)


def _note(client: MlflowClient, entry: Promotion) -> None:
    """Write the entry into the version's tags and description."""
    at = f"{entry.at.isoformat(timespec='seconds')}Z"
    tags = {"action": entry.action, "at": at, "by": entry.who, "reason": entry.reason[:5000]}
    for key, value in tags.items():
        client.set_model_version_tag(entry.model_name, entry.version, f"headwater.{key}", value)
    text = f"{entry.action}: {entry.reason}"[:5000]
    client.update_model_version(entry.model_name, entry.version, description=text)


def _append(entry: Promotion, table: str, spark: SparkSession | None) -> None:
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
    append(spark.createDataFrame([row], schema), table)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
