"""One typed object for all that can be set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

__all__ = ["Settings"]


class Settings(BaseSettings):
    """Settings from ``headwater.toml``, then ``HEADWATER_…`` variables, then arguments; the later wins.

    Paths are taken relative to the folder in which the process runs. Starts no Spark and makes no folder.

    Examples
    --------
    >>> Settings(home="/tmp/x").warehouse.as_posix()
    '/tmp/x/warehouse'
    >>> Settings(home="/tmp/x").mlflow_tracking_uri
    'sqlite:////tmp/x/mlflow.db'
    """

    model_config = SettingsConfigDict(env_prefix="HEADWATER_", toml_file="headwater.toml", extra="forbid", frozen=True)

    home: Path = Field(Path(".headwater"), description="Folder of the embedded store: warehouse, MLflow, reports.")
    catalog: str = Field("main", description="Catalog that completes names of one or two levels.")
    default_schema: str = Field("default", description="Schema that completes names of one level.")
    master: str = Field("local[*]", description="Spark master of a session that Headwater starts.")
    driver_memory: str = Field("", description="JVM heap of the driver; empty: a third of the machine, 1 to 8 GiB.")
    shuffle_partitions: int = Field(0, description="Spark's shuffle partitions; 0: twice the cores.")
    spark: dict[str, str] = Field(default_factory=dict, description="Any Spark setting by its own name.")
    tracking_uri: str = Field("", description="MLflow tracking server; empty: SQLite in `home`.")
    lookups: Literal["auto", "spark"] = Field(
        "auto", description="Feature lookups in this process where the data fits it (auto), or always by Spark."
    )
    in_process_gib: float = Field(2.0, description="Memory, in GiB, that lookups in this process may take.")
    scratch_gib: float = Field(8.0, description="Disk, in GiB, that rows handed to Spark as files may take in `home`.")
    online_store: str = Field("", description="Redis for online stores, redis://host:6379/0; empty: SQLite in `home`.")
    pandas_row_limit: int = Field(5_000_000, description="Most rows that single-machine training takes.")
    jars: Path | None = Field(None, description="Folder of Delta's jars; unset: inside the Python environment.")
    project: str = Field("", description="Module of the project that the jobs work on, such as my.module.")

    @field_validator("home", "jars")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else Path(os.path.abspath(value.expanduser()))  # noqa: PTH100 - keeps symlinks

    @property
    def warehouse(self) -> Path:
        """Folder of the Delta tables: ``<schema>.db/<table>``."""
        return self.home / "warehouse"

    @property
    def mlflow_tracking_uri(self) -> str:
        """Where runs are logged and models registered."""
        return self.tracking_uri or f"sqlite:///{self.home / 'mlflow.db'}"

    @property
    def artifacts(self) -> Path:
        """Folder of MLflow's artefacts in embedded mode."""
        return self.home / "artifacts"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
        **_: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments over environment over file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
