"""``/Workspace/…``: the folder tree that the notebooks are in, which is their repository where they are in one."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

__all__ = ["in_tree", "is_workspace_path", "repository_of"]

# What stands before a project's own folders in a workspace.
_OWNER = re.compile(r"/(?:Users/[^/]+|Repos/[^/]+/[^/]+|Shared)(?=/|$)")


def repository_of(folder: Path) -> Path:
    """Return the folder of the repository that a notebook is in, as a workspace puts it on the path; else its own folder."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)


def is_workspace_path(path: str) -> bool:
    """Say whether a path begins with ``/Workspace``."""
    return path == "/Workspace" or path.startswith("/Workspace/")


def in_tree(path: str, tree: Path) -> str:
    """Return the path below a tree that a path of ``/Workspace`` means, from a slash on.

    A notebook's path here is one of the machine, so that ``"/Workspace" + notebookPath`` names the tree itself; in a path of
    a workspace the user's folder or the repository's is the tree.

    Examples
    --------
    >>> [in_tree(f"/Workspace{path}", Path("/home/me/shop")) for path in ("/home/me/shop/lib", "/Repos/me/shop/lib", "/lib")]
    ['/lib', '/lib', '/lib']
    >>> in_tree("/Workspace/Users/someone@example.com/data.csv", Path("/home/me/shop"))
    '/data.csv'
    """
    rest = path.removeprefix("/Workspace")
    plain = posixpath.normpath(rest or "/")
    if plain == str(tree) or plain.startswith(f"{tree}/"):
        return plain[len(str(tree)) :] or "/"
    return _OWNER.sub("", rest, count=1) or "/"
