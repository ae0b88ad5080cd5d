"""Plays the steps. Argument: the file for the counts.

Needs what migrations-example/story needs (kubectl, KUBECONFIG, TIDEGATE_AUDIT_LOG), and that folder in PYTHONPATH.
"""

import pathlib
import sys

import releases
from report import StoryFailed

import operator_away
import with_operator
from gate_world import GateWorld


def play(world):
    releases.database(world)
    with_operator.first_release(world)
    releases.begin_load(world)
    with_operator.hold(world)
    with_operator.second_release(world)
    with_operator.roll_back(world)
    since = operator_away.satisfied(world)
    operator_away.unsatisfied(world, since)
    operator_away.back(world)
    operator_away.everything(world)


def main():
    world = GateWorld()
    try:
        play(world)
        completed = True
    except StoryFailed as failure:
        completed = False
        world.report.check(False, str(failure))
    world.report.end_step()
    world.report.summary()
    print(f"SUITE gated-workloads: {world.counts()}; violations: {world.report.wrong()}", flush=True)
    pathlib.Path(sys.argv[1]).write_text(world.report.counts() + "\n", encoding="utf-8")
    return 0 if completed and not world.report.wrong() else 1


if __name__ == "__main__":
    sys.exit(main())
