"""Files that are written as a whole or not at all."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

__all__ = ["replace_file", "write_json"]


def replace_file(file: Path, text: str) -> None:
    """Write a text, UTF-8, in place of a file; readers see the old text or the new. Missing folders are made.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "folder" / "a.txt"
    >>> replace_file(file, "one"), replace_file(file, "two"), file.read_text(), len(list(file.parent.iterdir()))
    (None, None, 'two', 1)
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_json(file: Path, data: Any) -> None:
    """Write plain data as JSON in place of a file."""
    replace_file(file, json.dumps(data, indent=1))
