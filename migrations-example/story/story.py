#!/usr/bin/env python3
"""The main job, told and checked on a real cluster. `../run` prepares that cluster and calls this.

    story.py RESULT_FILE      (which gets the line "N passed, N failed")

Exits 0 only if everything held. Needs kubectl in PATH, KUBECONFIG, and TIDEGATE_AUDIT_LOG (the API server's audit log).
"""

import pathlib
import sys
import time

import figures
import releases
import without_operator
from report import StoryFailed
from world import World


def tell(world):
    releases.database(world)
    releases.first_release(world)
    releases.begin_load(world)
    since = releases.second_release(world)
    until = time.time()
    releases.broken_release(world)
    without_operator.fixed_release(world)
    without_operator.go_back(world)
    world.report.step("Figures", "Taken from the second release, and from the operator with nothing to do.")
    figures.of_release(world, since, until)
    figures.of_operator(world)


def main():
    world = World()
    try:
        tell(world)
        completed = True
    except StoryFailed as failure:
        completed = False
        world.report.check(False, str(failure))
    world.report.end_step()
    world.report.summary()
    pathlib.Path(sys.argv[1]).write_text(world.report.counts() + "\n", encoding="utf-8")
    return 0 if completed and not world.report.wrong() else 1


if __name__ == "__main__":
    sys.exit(main())
