"""The files of a logged model with its features, and the digests by which they are known again.

::

    MLmodel                 MLflow's description, and beside it the environment and the example
    data/feature_store/
        feature_spec.yaml   what to look up and compute
        raw_model/          the model as its own flavor saved it; loads by itself
        sha256.json         digest of each other file of the whole model

The digest of ``sha256.json`` itself is kept outside the files: as the tag `DIGEST_TAG` of the logged model and of the
registered version. MLflow writes two things into a model's folder after it was logged, which have no digest:
``registered_model_meta``, by which a downloaded model says its name and version, and on Databricks copies in ``metadata/``.
Models that were logged before the whole had digests have those of ``data/feature_store`` alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

__all__ = ["DIGEST_TAG", "MODEL_DATA", "RAW_MODEL", "SPEC_FILE", "changed_file", "write_digests"]

MODEL_DATA = "data/feature_store"
SPEC_FILE = "feature_spec.yaml"
RAW_MODEL = "raw_model"
DIGEST_TAG = "headwater.sha256"
_DIGESTS = "sha256.json"
_MODEL = "MLmodel"
_UNCHECKED = re.compile(rf"registered_model_meta|metadata/.*|({MODEL_DATA}/)?{_DIGESTS}")


def write_digests(model: Path) -> str:
    """Write the digests of a model's files, given its folder; return the digest of that file, to be kept elsewhere."""
    stored = model / MODEL_DATA / _DIGESTS
    stored.write_text(json.dumps(_found(model), indent=1))
    return _sha256(stored)


def changed_file(data: Path, kept: Collection[str] = ()) -> str | None:
    """Return the name of the first file of a model that is missing, added or other than when it was logged; None if none is.

    Parameters
    ----------
    data
        The model's folder ``data/feature_store``.
    kept
        The digest of the digests' file, by each that is known to keep it elsewhere; all must be the file's.
    """
    stored = data / _DIGESTS
    if not stored.is_file() or any(_sha256(stored) != digest for digest in kept):
        return _DIGESTS
    try:
        logged = json.loads(stored.read_text())
    except ValueError:
        return _DIGESTS
    if not isinstance(logged, Mapping):
        return _DIGESTS
    whole = _MODEL in logged
    found = _found(data.parents[1] if whole else data)
    spec = f"{MODEL_DATA}/{SPEC_FILE}" if whole else SPEC_FILE
    names = (spec, *sorted({*logged, *found}))
    return next((name for name in names if name not in logged or logged[name] != found.get(name)), None)


def _found(folder: Path) -> dict[str, str]:
    files = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
    return {name: _sha256(file) for name, file in files.items() if not _UNCHECKED.fullmatch(name)}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
