#!/bin/sh
# Pins every dependency, for every platform, with its hashes. Run by `make lock`; the result names no registry.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
"$python" -m pip install -q uv
"$python" -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
  --extra connect --extra demo --extra fast --extra jdk --extra redis --group dev pyproject.toml -o requirements/lock.txt
