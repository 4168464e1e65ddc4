"""The published client to compare with: its files, fetched once, by the tests alone.

The package is licensed for use with Databricks and for tests; who runs the library does not get it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).parents[2]
PINNED = ROOT / "requirements" / "contract.txt"
FOLDER = ROOT / ".venv" / "share" / "contract"


@pytest.fixture(scope="session")
def published():
    """Give the published package's signatures; fetches it by its pin and hash where it is not there yet."""
    from published import Package

    name, version = next(line for line in PINNED.read_text().splitlines() if "==" in line).split()[0].split("==")
    if not (FOLDER / f"{name.replace('-', '_')}-{version}.dist-info").is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--upgrade"]
        subprocess.run([*pip, "--no-deps", "--require-hashes", "-t", str(FOLDER), "-r", str(PINNED)], check=True)
    return Package(FOLDER)
