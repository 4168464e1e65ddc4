"""Delta Lake's jars: fetched once from Maven Central by Ivy, then read from a folder.

Spark's own ``spark.jars.packages`` asks Ivy at every start, which needs the network or a warm cache; a folder on the
class path needs neither. The jars' coordinates and hashes are pinned in ``jars.txt``.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from headwater.lakehouse.errors import JarsNotFoundError
from headwater.lakehouse.runtime.java import ensure_java

__all__ = ["Jar", "ensure_jars", "locked_jars", "own_folder"]


@dataclass(frozen=True)
class Jar:
    """One pinned jar."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """Name of the jar's file."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def coordinates(self) -> str:
        """Maven's ``group:artifact:version``."""
        return f"{self.group}:{self.artifact}:{self.version}"


def locked_jars() -> list[Jar]:
    """Return the jars that ``jars.txt`` pins."""
    jars = []
    for line in Path(__file__).with_name("jars.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            coordinates, digest = line.split()
            group, artifact, version = coordinates.split(":")
            jars.append(Jar(group, artifact, version, digest.removeprefix("sha256:")))
    return jars


def ensure_jars(folder: Path | None = None) -> list[Path]:
    """Return the paths of the jars; fetches those that are missing (about 13 MB, once per environment).

    Parameters
    ----------
    folder
        Where the jars lie; default: ``share/headwater/jars`` in the Python environment, or the user's cache where
        that cannot be written.

    Raises
    ------
    JarsNotFoundError
        If they cannot be fetched, or what was fetched has another hash than the pinned one.
    """
    folder = folder or own_folder("jars")
    jars = locked_jars()
    missing = [jar for jar in jars if not (folder / jar.file).exists()]
    if missing:
        _fetch(missing, folder)
    return [folder / jar.file for jar in jars]


def own_folder(name: str) -> Path:
    """Return a folder of this Python environment's, or of the user's cache where that cannot be written; it need not exist."""
    own = Path(sys.prefix) / "share" / "headwater" / name
    nearest = next(parent for parent in own.parents if parent.exists())
    if own.exists() or os.access(nearest, os.W_OK):
        return own
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "headwater" / name


def _fetch(jars: list[Jar], folder: Path) -> None:
    import pyspark

    ivy = next((Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar"))
    java = ensure_java() / "bin" / "java"
    folder.mkdir(parents=True, exist_ok=True)
    names = [jar.coordinates for jar in jars]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".fetch-") as scratch:
        wanted = "".join(
            f'<dependency org="{j.group}" name="{j.artifact}" rev="{j.version}" transitive="false" conf="*->master"/>'
            for j in jars
        )
        recipe = Path(scratch) / "ivy.xml"
        recipe.write_text(
            '<ivy-module version="2.0"><info organisation="headwater" module="jars"/>'
            f"<dependencies>{wanted}</dependencies></ivy-module>"
        )
        command = [str(java), "-jar", str(ivy), "-ivy", str(recipe), "-cache", f"{scratch}/cache", "-types", "jar"]
        command += ["-retrieve", f"{scratch}/[artifact]-[revision].[ext]", "-warn"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        for jar in jars:
            fetched = Path(scratch) / jar.file
            if not fetched.exists():
                said = (done.stderr + done.stdout).strip().splitlines()
                raise JarsNotFoundError(names, str(folder), said[-1].strip() if said else f"Ivy left no {jar.file}")
            digest = hashlib.sha256(fetched.read_bytes()).hexdigest()
            if digest != jar.sha256:
                raise JarsNotFoundError(
                    names, str(folder), f"{jar.file} has the SHA-256 {digest}, and not the pinned {jar.sha256}"
                )
            fetched.replace(folder / jar.file)
