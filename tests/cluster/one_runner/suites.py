"""Plays the suites and prints a line for each. Argument: the file for the counts."""

import pathlib
import sys
import threading
import time

import exit_classes
import node_lost
import rounds
from cluster import Cluster


def say(text):
    print(text, flush=True)


def lose_node(api, lost):
    start = time.monotonic()
    try:
        lost.append(node_lost.play(api))
        say(f"node lost while SQL goes on: {lost[0]}, {time.monotonic() - start:.0f} s")
    # Any: what was not seen is a violation, which main() finds by what is missing in `lost`.
    except Exception as error:
        say(f"node lost while SQL goes on: {type(error).__name__}: {error}")


def main():
    api = Cluster()
    start = time.monotonic()
    of_rounds, of_classes = rounds.Suite(api), exit_classes.Suite(api)
    of_rounds.prepare()
    of_classes.prepare()
    say(f"all Databases are read, {time.monotonic() - start:.0f} s")

    # Side by side: all of them wait most of the time, and a node that stands still for some seconds is one more thing
    # that a round has to bear.
    start = time.monotonic()
    lost = []
    threads = [threading.Thread(target=of_classes.run), threading.Thread(target=lose_node, args=(api, lost))]
    for thread in threads:
        thread.start()
    counts = of_rounds.run()
    for thread in threads:
        thread.join()
    if len(lost) != 1:
        of_rounds.violations.append(f"a node was lost while SQL went on {len(lost)} times, not once")
    unseen = [each.name for each in exit_classes.CLASSES if each.name not in of_classes.seconds]
    of_classes.violations += [f"class {name} was not played" for name in unseen]
    say("exit classes: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in of_classes.seconds.items()))
    say(f"all of it: {time.monotonic() - start:.0f} s")

    for violation in of_rounds.violations + of_classes.violations:
        say(f"VIOLATION {violation}")
    say(f"SUITE cluster-one-runner: {counts}, {len(lost)} node lost; violations: {len(of_rounds.violations)}")
    say(f"SUITE exit-classes: {len(exit_classes.CLASSES)} classes on real pods; violations: {len(of_classes.violations)}")
    total = rounds.COUNT + 1 + len(exit_classes.CLASSES)
    failed = min(total, len(of_rounds.violations) + len(of_classes.violations))
    pathlib.Path(sys.argv[1]).write_text(f"{total - failed} passed, {failed} failed\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
