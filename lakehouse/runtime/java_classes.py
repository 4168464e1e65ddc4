"""The classes of Java that keep catalogs apart (:mod:`headwater.lakehouse.warehouse.catalog`): compiled once per environment.

Spark brings a compiler, Janino, so that none is needed at install. Its Java is an older one: no generics, no lambdas. The
compiled classes lie in a folder whose name has a hash of their sources and of the versions of Spark and Delta that they were
compiled against; another version is another folder.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headwater.lakehouse.runtime.jars import locked_jars, own_folder
from headwater.lakehouse.runtime.launch import launch_java

__all__ = ["LOGS", "classes_folder", "compile_classes", "ensure_classes"]

_LOG = logging.getLogger("headwater.lakehouse")
LOGS = Path(__file__).with_name("log4j2.properties")
_SOURCES = Path(__file__).with_name("java_sources")
_NAMES = ("ColumnNames", "FolderCatalog", "MainCatalog", "Extension")  # each after those that it names
_JAVA = 8  # what Janino writes


def classes_folder() -> Path:
    """Return the folder of the compiled classes, for Java's class path; it is made where it is missing, as Java wants."""
    import pyspark

    text = "\n".join([pyspark.__version__, *(jar.coordinates for jar in locked_jars()), *map(_source, _NAMES)])
    folder = own_folder("classes") / hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def ensure_classes(jars: Sequence[Path]) -> Path:
    """Return the folder of the compiled classes; where some are missing, Java is started and compiles them (4 s, once)."""
    folder = classes_folder()
    if not all(_class(folder, name).is_file() for name in _NAMES):
        options = {
            "spark.app.name": "headwater",
            "spark.master": "local[1]",
            "spark.driver.extraClassPath": os.pathsep.join(map(str, [*jars, folder])),
            "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={LOGS.as_uri()}",
        }
        launch_java(options)
        compile_classes(folder)
    return folder


def compile_classes(folder: Path) -> str:
    """Compile what is missing in the folder, with the Java that this process has started (1 s); return why it cannot be used.

    Returns
    -------
    str
        Empty if the classes load.
    """
    from py4j.protocol import Py4JError
    from pyspark import SparkContext

    java: Any = SparkContext._jvm  # noqa: SLF001 - Spark has no public way
    loader = java.java.lang.Thread.currentThread().getContextClassLoader()
    try:
        for name in _NAMES:
            if not _class(folder, name).is_file():
                _compile(java, loader, name, folder)
        for name in _NAMES:
            java.java.lang.Class.forName(f"headwater.{name}", True, loader)
    except (Py4JError, OSError) as error:
        cause = str(getattr(error, "java_exception", None) or error).strip().splitlines()[0]
        _LOG.warning("Catalogs other than main are not to be had: their classes do not load (%s).", cause)
        return cause
    return ""


def _class(folder: Path, name: str) -> Path:
    return folder / "headwater" / f"{name}.class"


def _source(name: str) -> str:
    return (_SOURCES / f"{name}.java").read_text(encoding="utf-8")


def _compile(java: Any, loader: Any, name: str, folder: Path) -> None:
    """Compile one source into a folder of its own; its classes then take their places at once, for whoever looks meanwhile."""
    from pyspark import SparkContext

    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as scratch:
        compiler = java.org.codehaus.janino.Compiler()
        compiler.setIClassLoader(java.org.codehaus.janino.ClassLoaderIClassLoader(loader))
        compiler.setSourceVersion(_JAVA)
        compiler.setTargetVersion(_JAVA)
        compiler.setDestinationDirectory(java.java.io.File(scratch), False)
        sources = SparkContext._gateway.new_array(java.java.io.File, 1)  # type: ignore[union-attr]  # noqa: SLF001
        sources[0] = java.java.io.File(str(_SOURCES / f"{name}.java"))
        compiler.compile(sources)
        (folder / "headwater").mkdir(exist_ok=True)
        for made in sorted(Path(scratch).rglob("*.class")):
            made.replace(folder / "headwater" / made.name)
