"""Names of modules that stand in texts: strings, docstrings, documents. A module that moves takes them along."""

import importlib
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = "cli|clients|features|jobs|lakehouse|monitoring|notebook|serving|sql|testing|training|web"
NAME = re.compile(rf"(?<![\w.])headwater\.(?:{ROOMS})(?:\.[A-Za-z_]\w*)+")


def _files():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    return [
        name
        for name in listed
        if name.endswith((".py", ".md", ".toml")) and name != "CHANGELOG.md" and (ROOT / name).is_file()
    ]


def _is_there(name):
    """Say whether a dotted name leads to a module, or to an attribute of one; what runs at import is imported."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if not hasattr(thing, part):
                return False
            thing = getattr(thing, part)
        return True
    return False


def test_every_module_that_a_text_names_is_there():
    named = {}
    for file in _files():
        text = (ROOT / file).read_text()
        for match in NAME.finditer(text):
            named.setdefault(match[0], file)
    assert len(named) > 100
    missing = {name: file for name, file in named.items() if not _is_there(name)}
    assert missing == {}
