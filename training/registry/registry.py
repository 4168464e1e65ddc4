"""Who is champion: aliases of registered model versions, and the log of how they came to be.

The aliases are ``champion`` (serves), ``challenger`` (the newest that is not champion) and ``previous_champion`` (what a rollback
goes back to). Every change is written into the version's tags, and into a Delta table if one is named. A model that is not
registered yet is a normal case: it has no champion. A change that a kill has cut short is completed by the next call that changes
something; run again, the killed call completes its own change and does nothing more.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from headwater.lakehouse import Settings, store_lock
from headwater.training.errors import ModelVersionError
from headwater.training.registry.decisions import Decision, carry_out, finish
from headwater.training.registry.promotion import Promotion
from headwater.training.registry.tracking import client_of, filter_text

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from pyspark.sql import SparkSession

__all__ = [
    "Promotion",
    "challenge",
    "champion",
    "finish_decision",
    "promote",
    "refuse",
    "rollback",
    "version_named",
    "versions_of",
]

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous_champion"


def champion(model_name: str, *, settings: Settings | None = None) -> ModelVersion | None:
    """Return the version with the alias ``champion``, or None if the model or the alias is not there.

    Any other trouble with the registry is raised, never taken for None.
    """
    client = client_of(settings or Settings())
    version = _aliases(client, model_name).get(CHAMPION)
    return client.get_model_version(model_name, version) if version else None


def versions_of(client: MlflowClient, model_name: str) -> list[ModelVersion]:
    """Return all versions of a model, the newest first; MLflow does not tell their aliases here, the model has them.

    Raises
    ------
    ModelVersionError
        There is no such model.
    """
    found = list(client.search_model_versions(f"name = {filter_text(model_name)}"))
    if not found:
        raise ModelVersionError(model_name, "versions", [])
    return sorted(found, key=lambda one: -int(one.version))


def version_named(client: MlflowClient, model_name: str, name: str) -> ModelVersion:
    """Return a version by its number or by an alias.

    Raises
    ------
    ModelVersionError
        There is none of this name.
    """
    numbers, aliases = _versions(client, model_name), _aliases(client, model_name)
    number = aliases.get(name, name)
    if number not in numbers:
        raise ModelVersionError(model_name, f"version or alias {name}", [*numbers, *sorted(aliases)])
    return client.get_model_version(model_name, number)


def challenge(model_name: str, version: str, *, settings: Settings | None = None) -> None:
    """Give the version the alias ``challenger``."""
    client = client_of(settings or Settings())
    _known(client, model_name, version)
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

    Run again with the champion's own version, it changes no alias, and adds a row to the log. Run again after a kill, it
    completes what it had begun. Promotions of one model in several processes of an embedded store take turns.

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

    def decided(_: MlflowClient, aliases: Mapping[str, str], __: Sequence[str]) -> Decision:
        before = aliases.get(CHAMPION, "")
        changes = {}
        if before != version:
            changes = ({PREVIOUS: before} if before else {}) | {CHAMPION: version}
        if aliases.get(CHALLENGER) == version:
            changes[CHALLENGER] = ""
        entry = _entry(model_name, version, "promote", version, before, reason, who)
        return Decision(entry, table, changes, before if before != version else None)

    return _decide(model_name, "promote", version, decided, spark, settings)


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

    def decided(_: MlflowClient, aliases: Mapping[str, str], __: Sequence[str]) -> Decision:
        before = aliases.get(CHAMPION, "")
        return Decision(_entry(model_name, version, "refuse", before, before, reason, who), table)

    return _decide(model_name, "refuse", version, decided, spark, settings)


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

    Run again after a kill, it completes what it had begun, and goes back no further.

    Raises
    ------
    ModelVersionError
        If there is no previous champion.
    """

    def decided(client: MlflowClient, aliases: Mapping[str, str], versions: Sequence[str]) -> Decision:
        before, to = aliases.get(CHAMPION, ""), aliases.get(PREVIOUS, "")
        if not to:
            raise ModelVersionError(model_name, f"alias {PREVIOUS}", list(versions))
        earlier = client.get_model_version(model_name, to).tags.get("headwater.replaced", "")
        changes = {CHAMPION: to, PREVIOUS: earlier if earlier in versions else ""}
        return Decision(_entry(model_name, to, "rollback", to, before, reason, who), table, changes)

    return _decide(model_name, "rollback", None, decided, spark, settings)


def finish_decision(
    model_name: str, *, spark: SparkSession | None = None, settings: Settings | None = None
) -> Promotion | None:
    """Complete the promotion, refusal or rollback that a killed process has begun; None if there is none."""
    settings = settings or Settings()
    client = client_of(settings)
    versions = _versions(client, model_name)
    if not versions:
        return None
    with _turn(settings, model_name):
        return finish(client, model_name, versions, spark)


def _decide(
    model_name: str,
    action: str,
    version: str | None,
    decided: Callable[[MlflowClient, Mapping[str, str], Sequence[str]], Decision],
    spark: SparkSession | None,
    settings: Settings | None,
) -> Promotion:
    """Complete what a killed process has begun; unless that was this very change, carry out what is decided now.

    Parameters
    ----------
    version
        The version that the change is about; None: it is not named.
    decided
        Gives the change for the aliases as they are and the versions there are.
    """
    settings = settings or Settings()
    client = client_of(settings)
    with _turn(settings, model_name):
        versions = _versions(client, model_name)
        if version is not None and version not in versions:
            raise ModelVersionError(model_name, f"version {version}", versions)
        begun = finish(client, model_name, versions, spark) if versions else None
        if begun is not None and begun.action == action and version in (None, begun.version):
            return begun
        return carry_out(client, decided(client, _aliases(client, model_name), versions), spark)


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
        found = client.get_registered_model(model_name).aliases
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}:
            return {}
        raise
    return {str(alias): str(version) for alias, version in found.items()}


def _versions(client: MlflowClient, model_name: str) -> list[str]:
    found = client.search_model_versions(f"name = {filter_text(model_name)}")
    return sorted((str(version.version) for version in found), key=int)


def _known(client: MlflowClient, model_name: str, version: str) -> None:
    versions = _versions(client, model_name)
    if version not in versions:
        raise ModelVersionError(model_name, f"version {version}", versions)


def _entry(
    model_name: str, version: str, action: str, now_champion: str, previous: str, reason: str, who: str
) -> Promotion:
    at = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    return Promotion(model_name, version, action, now_champion, previous, reason, who or _user(), at)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
