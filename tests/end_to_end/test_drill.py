"""A chain of commands is killed at named points and run again: in the end, everything is as if nobody had been killed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.end_to_end.drill.contents import contents, differences
from tests.end_to_end.drill.points import DRILL_ALONE, POINTS
from tests.end_to_end.drill.processes import run_chain


@pytest.mark.slow
def test_a_chain_that_is_killed_at_each_named_point_and_run_again_leaves_what_an_undisturbed_one_leaves(tmp_path):
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    with ThreadPoolExecutor(1) as beside:
        whole = beside.submit(run_chain, undisturbed)
        for point in [one for one in POINTS if one not in DRILL_ALONE]:
            ended = run_chain(killed, point=point)
            assert ended.killed, f"{point}: exit code {ended.code}\n{ended.said}"
        rest = run_chain(killed)
    assert whole.result().code == 0, whole.result().said
    assert rest.code == 0, rest.said
    assert differences(contents(killed), contents(undisturbed)) == []
