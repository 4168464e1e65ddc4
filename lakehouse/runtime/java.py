"""Finds Java, or fetches one for this Python environment alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from headwater.lakehouse.errors import JavaNotFoundError

__all__ = ["ensure_java", "find_java"]

MINIMUM = 17


def find_java() -> Path | None:
    """Return the home of a Java of at least version 17, or None.

    Looks at ``JAVA_HOME``, the PATH, macOS's registry and ``jdk/`` in the Python environment, in that order. Starts
    each candidate once (about 0.1 s).
    """
    return next((home for home in _candidates() if _version(home) >= MINIMUM), None)


def ensure_java() -> Path:
    """Return a Java home and put it into the process's ``JAVA_HOME``; fetches one if there is none.

    Raises
    ------
    JavaNotFoundError
        If there is none and none can be fetched.
    """
    home = find_java() or _fetch()
    os.environ["JAVA_HOME"] = str(home)
    return home


def _candidates() -> Iterator[Path]:
    if os.environ.get("JAVA_HOME"):
        yield Path(os.environ["JAVA_HOME"])
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path).resolve().parent.parent
    if Path("/usr/libexec/java_home").exists():
        found = subprocess.run(
            ["/usr/libexec/java_home", "-v", f"{MINIMUM}+"], capture_output=True, text=True, check=False
        )
        if found.returncode == 0:
            yield Path(found.stdout.strip())
    for java in sorted(_own().glob("**/bin/java")):
        yield java.parent.parent


def _own() -> Path:
    return Path(sys.prefix) / "jdk"


def _version(home: Path) -> int:
    try:
        said = subprocess.run(
            [str(home / "bin" / "java"), "-version"], capture_output=True, text=True, check=False, timeout=60
        )
    except OSError:
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    return int(match[1]) if match else 0


def _fetch() -> Path:
    seen = [f"Java {_version(home)} in {home}" for home in _candidates()]
    found = ", ".join(seen) or "none"
    try:
        import jdk
    except ImportError:
        raise JavaNotFoundError(
            found, "the package install-jdk is not installed: pip install 'headwater[jdk]'"
        ) from None
    try:
        jdk.install(str(MINIMUM), jre=True, path=str(_own()))
    except Exception as error:
        raise JavaNotFoundError(found, f"{type(error).__name__}: {error}") from error
    home = next((java.parent.parent for java in sorted(_own().glob("**/bin/java"))), None)
    if home is None or _version(home) < MINIMUM:
        raise JavaNotFoundError(found, f"the Java that was fetched into {_own()} does not run")
    return home
