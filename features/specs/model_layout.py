"""The files of a logged model with its features, and the digests by which they are known again.

::

    MLmodel
    data/feature_store/
        feature_spec.yaml   what to look up and compute
        raw_model/          the model as its own flavor saved it; loads by itself
        sha256.json         digest of each other file of this folder

The digest of ``sha256.json`` itself is kept outside the files: as the tag `DIGEST_TAG` of the logged model and of the
registered version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

__all__ = ["DIGEST_TAG", "RAW_MODEL", "SPEC_FILE", "changed_file", "write_digests"]

SPEC_FILE = "feature_spec.yaml"
RAW_MODEL = "raw_model"
DIGEST_TAG = "headwater.sha256"
_DIGESTS = "sha256.json"


def write_digests(data: Path) -> str:
    """Write the digests of the folder's files; return the digest of that file, to be kept elsewhere."""
    (data / _DIGESTS).write_text(json.dumps(_found(data), indent=1))
    return _sha256(data / _DIGESTS)


def changed_file(data: Path, kept: str | None) -> str | None:
    """Return the name of the first file of the folder that is missing, added or other than when it was logged; None if none is.

    Parameters
    ----------
    kept
        The digest of the digests' file, as kept elsewhere; None if it is not known.
    """
    stored = data / _DIGESTS
    if not stored.is_file() or (kept is not None and _sha256(stored) != kept):
        return _DIGESTS
    try:
        logged = json.loads(stored.read_text())
    except ValueError:
        return _DIGESTS
    if not isinstance(logged, Mapping):
        return _DIGESTS
    found = _found(data)
    names = (SPEC_FILE, *sorted({*logged, *found}))
    return next((name for name in names if name not in logged or logged[name] != found.get(name)), None)


def _found(data: Path) -> dict[str, str]:
    files = (file for file in sorted(data.rglob("*")) if file.is_file() and file != data / _DIGESTS)
    return {file.relative_to(data).as_posix(): _sha256(file) for file in files}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
