"""A chain of commands is killed at named points and run again: in the end, everything is as if nobody had been killed."""

from __future__ import annotations

import pytest

from tests.end_to_end.drill.contents import contents, differences
from tests.end_to_end.drill.points import POINTS
from tests.end_to_end.drill.processes import run_chain


@pytest.mark.slow
def test_a_chain_that_is_killed_at_each_named_point_and_run_again_leaves_what_an_undisturbed_one_leaves(tmp_path):
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    whole = run_chain(undisturbed)
    assert whole.code == 0, whole.said
    for point in POINTS:
        ended = run_chain(killed, point=point)
        assert ended.killed, f"{point}: exit code {ended.code}\n{ended.said}"
    rest = run_chain(killed)
    assert rest.code == 0, rest.said
    assert differences(contents(killed), contents(undisturbed)) == []
