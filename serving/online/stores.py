"""Online stores by name: which there are, what each is made of, and which online table a feature table has."""

from __future__ import annotations

import getpass
import json
import re
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from headwater import lakehouse
from headwater.lakehouse import HeadwaterError, InvalidInputError, Settings
from headwater.serving.online.redis import RedisStore
from headwater.serving.online.sqlite import SQLiteStore
from headwater.serving.online.store import OnlineStore, OnlineTable

__all__ = [
    "DatabricksOnlineStore",
    "create_online_store",
    "delete_online_store",
    "get_online_store",
    "list_online_stores",
    "online_table_of",
    "open_online_store",
    "published_in",
    "update_online_store",
]

_CAPACITIES = ("CU_1", "CU_2", "CU_4", "CU_8")
_MOST_REPLICAS = 3
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RECORD = "store.json"
_opened: dict[tuple[str, str], OnlineStore] = {}


@dataclass(frozen=True)
class DatabricksOnlineStore:
    """An online store, as the client gives it.

    Attributes
    ----------
    capacity, read_replica_count
        As asked for: here they are kept and not enforced, for one SQLite folder or one Redis answers.
    state
        ``AVAILABLE``.
    creator, creation_time
        User name; milliseconds since 1970 UTC.
    kind
        ``sqlite`` or ``redis``.
    """

    name: str
    capacity: str
    read_replica_count: int = 0
    usage_policy_id: str | None = None
    creator: str | None = None
    creation_time: int | None = None
    state: str | None = None
    kind: str = "sqlite"


def create_online_store(
    settings: Settings,
    name: str,
    capacity: str,
    read_replica_count: int | None = None,
    usage_policy_id: str | None = None,
) -> DatabricksOnlineStore:
    """Create an online store: in the store's folder, or in Redis where the setting ``online_store`` names one.

    Raises
    ------
    InvalidInputError
        The name is not valid in DNS (at most 63 lower-case letters, digits and hyphens), or is taken; the capacity is not
        one of CU_1, CU_2, CU_4 and CU_8; there are more than three replicas.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"{name!r} is not an online store's name: write it with at most 63 lower-case letters, digits and hyphens."
        )
    kind = "redis" if settings.online_store else "sqlite"
    user, now = getpass.getuser(), int(time.time() * 1000)
    replicas = 0 if read_replica_count is None else read_replica_count
    made = DatabricksOnlineStore(name, capacity, replicas, usage_policy_id, user, now, "AVAILABLE", kind)
    _check(made)
    with lakehouse.store_lock(settings.home, "online stores"):
        if get_online_store(settings, name) is not None:
            raise InvalidInputError(f"The online store {name} exists already: choose another name, or delete it first.")
        _keep(settings, made)
    return made


def get_online_store(settings: Settings, name: str) -> DatabricksOnlineStore | None:
    """Return an online store, or None if there is none of this name."""
    try:
        return DatabricksOnlineStore(**json.loads((_folder(settings) / str(name) / _RECORD).read_text()))
    except (FileNotFoundError, NotADirectoryError):
        return None


def list_online_stores(settings: Settings) -> list[DatabricksOnlineStore]:
    """Return all online stores, by name."""
    names = sorted(file.parent.name for file in _folder(settings).glob(f"*/{_RECORD}"))
    return [one for name in names if (one := get_online_store(settings, name)) is not None]


def update_online_store(settings: Settings, name: str, **changes: str | int | None) -> DatabricksOnlineStore:
    """Change capacity, replicas or usage policy of an online store; what is not named stays."""
    changed = replace(_known(settings, name), **changes)  # type: ignore[arg-type]
    _check(changed)
    _keep(settings, changed)
    return changed


def delete_online_store(settings: Settings, name: str) -> None:
    """Remove an online store with all its tables; the feature tables stay."""
    _known(settings, name)
    store = open_online_store(settings, name)
    for table in store.tables():
        store.drop(table.name)
    (_folder(settings) / name / _RECORD).unlink()
    _opened.pop((str(settings.home), name), None)


def open_online_store(settings: Settings, name: str) -> OnlineStore:
    """Return what reads and writes an online store's tables; one object a store and process.

    Raises
    ------
    InvalidInputError
        There is no such store, or it is in Redis and the setting ``online_store`` names none.
    """
    key = (str(settings.home), name)
    if key not in _opened:
        known = _known(settings, name)
        if known.kind == "redis":
            if not settings.online_store:
                raise InvalidInputError(
                    f"The online store {name} is in Redis: say where it is, HEADWATER_ONLINE_STORE=redis://host:6379/0."
                )
            _opened[key] = RedisStore(settings.online_store, f"headwater:{name}:")
        else:
            _opened[key] = SQLiteStore(_folder(settings) / name / "tables")
    return _opened[key]


def online_table_of(settings: Settings, source: str) -> tuple[str, OnlineTable] | None:
    """Return store and description of a feature table's online table; of several the oldest; None if it is not published.

    Raises
    ------
    HeadwaterError
        It is in none of the stores that answer, and a store does not.
    """
    found, failed = [], None
    for one in list_online_stores(settings):
        try:
            tables = open_online_store(settings, one.name).tables()
        except HeadwaterError as error:
            failed = error
            continue
        found += [(one.name, table) for table in tables if table.source == source]
    if not found and failed is not None:
        raise failed
    return min(found, key=lambda pair: (pair[1].created, pair[1].name), default=None)


def published_in(settings: Settings, source: str) -> tuple[str, ...]:
    """Return the names of the online stores that answer and have a feature table, the oldest publish first."""
    found = []
    for one in list_online_stores(settings):
        try:
            tables = open_online_store(settings, one.name).tables()
        except HeadwaterError:
            continue
        found += [(table.created, one.name) for table in tables if table.source == source]
    return tuple(dict.fromkeys(name for _, name in sorted(found)))


def _check(store: DatabricksOnlineStore) -> None:
    if store.capacity not in _CAPACITIES:
        raise InvalidInputError(
            f"capacity={store.capacity!r} is unknown. {lakehouse.known(str(store.capacity), _CAPACITIES)}"
        )
    count = store.read_replica_count
    if not isinstance(count, int) or not 0 <= count <= _MOST_REPLICAS:
        raise InvalidInputError(f"read_replica_count={count!r} is not possible: 0 to {_MOST_REPLICAS}.")


def _known(settings: Settings, name: str) -> DatabricksOnlineStore:
    found = get_online_store(settings, name)
    if found is None:
        names = [one.name for one in list_online_stores(settings)]
        raise InvalidInputError(
            f"There is no online store {name!r}. {lakehouse.known(str(name), names)} Make one with create_online_store(name=…, "
            "capacity='CU_1')."
        )
    return found


def _keep(settings: Settings, store: DatabricksOnlineStore) -> None:
    lakehouse.write_json(_folder(settings) / store.name / _RECORD, asdict(store))


def _folder(settings: Settings) -> Path:
    return settings.home / "online"
