"""Arguments that several commands take."""

from __future__ import annotations

import argparse
import datetime as dt
import os

__all__ = ["add_project", "utc_time"]


def add_project(parser: argparse.ArgumentParser, use: str = "Module that has the project") -> None:
    """Give a command ``--project``.

    Parameters
    ----------
    use
        What the project is for, as the beginning of the help.
    """
    parser.add_argument(
        "--project",
        default=os.environ.get("HEADWATER_PROJECT", ""),
        help=f"{use} (default: HEADWATER_PROJECT, or headwater.toml).",
    )


def utc_time(text: str) -> dt.datetime:
    """Return a time as UTC; one without a zone is UTC."""
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: write 2024-01-31 or 2024-01-31T12:00:00, UTC."
        ) from None
    return time.astimezone(dt.UTC) if time.tzinfo else time.replace(tzinfo=dt.UTC)
