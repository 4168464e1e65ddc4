"""Packages that tests read and nobody imports: fetched once, by pin and hash, without what they depend on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

__all__ = ["fetched"]

ROOT = Path(__file__).parents[1]


def fetched(name: str) -> Path:
    """Return the folder of the package that ``requirements/<name>.txt`` pins; fetch it where it is not there yet."""
    pinned, folder = ROOT / "requirements" / f"{name}.txt", ROOT / ".venv" / "share" / name
    package, version = next(line for line in pinned.read_text().splitlines() if "==" in line).split()[0].split("==")
    if not (folder / f"{package.replace('-', '_')}-{version}.dist-info").is_dir():
        pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--upgrade"]
        subprocess.run([*pip, "--no-deps", "--require-hashes", "-t", str(folder), "-r", str(pinned)], check=True)
    return folder
