"""Kills the chain's commands at random instants and runs them again: ``python -m tests.end_to_end.drill --kills 100``.

World after world, each command of the chain is killed once, at a random instant of the time that it takes, until the chain is
through; then the world is compared with one in which nobody was killed. Half of the kills leave Java alone, which then goes on
until it notices that its Python is gone. Exits with 1 if a world differs.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.end_to_end.drill.contents import contents, differences
from tests.end_to_end.drill.points import POINTS
from tests.end_to_end.drill.processes import Ended, run_chain
from tests.end_to_end.drill.project import CHAIN


def main() -> int:
    """Run the drill; print each kill, and what differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.end_to_end.drill", description=main.__doc__)
    parser.add_argument("--kills", type=int, default=100, help="how many (default: 100)")
    parser.add_argument("--seed", type=int, default=None, help="of the instants (default: another each time)")
    parser.add_argument("--folder", type=Path, default=None, help="where the worlds lie (default: a temporary one)")
    parser.add_argument("--points", action="store_true", help="kill at all named points first")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}", flush=True)
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="headwater-drill-"))
    folder.mkdir(parents=True, exist_ok=True)
    expected, seconds = _undisturbed(folder / "undisturbed")
    print(f"without a kill: {sum(seconds.values()):.0f} s", flush=True)
    if arguments.points:
        found = _named(folder / "named", expected)
        print(
            f"killed at {len(POINTS)} named points: {'differs' if found else 'the same'}",
            *found,
            sep="\n  ",
        )
        if found:
            return 1
    chance = random.Random(seed)
    killed, world, failed = 0, 0, 0
    while killed < arguments.kills:
        world += 1
        home = folder / f"world-{world}"
        killed += _disturb(home, chance, seconds, arguments.kills - killed)
        found = differences(contents(home), expected)
        print(
            f"world {world}, {killed} kills so far: {'differs' if found else 'the same'}",
            *found,
            sep="\n  ",
            flush=True,
        )
        failed += bool(found)
        if not found:
            shutil.rmtree(home)
    print(f"{killed} kills in {world} worlds, {failed} of which differ; seed {seed}, {folder}", flush=True)
    if not failed and arguments.folder is None:
        shutil.rmtree(folder)
    return 1 if failed else 0


def _undisturbed(home: Path) -> tuple[dict[str, list[str]], dict[str, float]]:
    ended = run_chain(home)
    if ended.code:
        sys.exit(f"The chain does not run even without a kill:\n{ended.said}")
    return contents(home), ended.seconds


def _named(home: Path, expected: dict[str, list[str]]) -> list[str]:
    """Kill at every named point, in the order of the chain; return what differs in the end."""
    for kills, point in enumerate(POINTS):
        ended = run_chain(home, point=point)
        if not ended.killed:
            sys.exit(f"{point}: not killed, exit code {ended.code}\n{ended.said}")
        print(f"  {kills + 1}. killed at {': '.join(point)}", flush=True)
    _through(run_chain(home), home, len(POINTS))
    return differences(contents(home), expected)


def _disturb(home: Path, chance: random.Random, seconds: dict[str, float], most: int) -> int:
    """Kill each command once, then run the chain until it is through; return the number of kills."""
    kills, done = 0, home / "drill.done"
    for command in CHAIN:
        if kills == most:
            break
        if done.exists() and command in done.read_text().splitlines():
            continue  # the last kill came late
        after = chance.uniform(0, seconds[command])
        with_java = chance.random() < 0.5
        ended = run_chain(home, after=(command, after), with_java=with_java)
        if not ended.killed:
            _through(ended, home, kills)
            return kills
        kills += 1
        what = "Python and Java" if with_java else "Python alone"
        print(f"  {command}: kill after {after:.2f} s ({what}); done: {', '.join(ended.done) or 'nothing'}", flush=True)
    _through(run_chain(home), home, kills)
    return kills


def _through(ended: Ended, home: Path, kills: int) -> None:
    if ended.code:
        sys.exit(f"After {kills} kills the chain fails in {home}:\n{ended.said}")


if __name__ == "__main__":
    sys.exit(main())
