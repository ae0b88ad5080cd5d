"""A node is lost while SQL goes on: kubelet and containerd stand still, the pod is deleted by force, a second run is wanted."""

import os
import pathlib
import signal
import threading
import time

import cluster
import migration
import rounds
from cluster import Failed, condition, container, wait_for

DATABASE = rounds.NODE_LOST
NAME = "node-lost"
VERSION = "0009"
# Longer than the node is away, and than the second run's agent needs to be there.
STATEMENT_SECONDS = 30
AWAY_SECONDS = 8


class Node:
    """The programs of the cluster's one node, known by pid and start time as deploy/local keeps them."""

    PARTS = ("kubelet", "containerd")

    def __init__(self):
        self._run = pathlib.Path(os.environ["TIDEGATE_CLUSTER_STATE"]) / "run"

    def signal(self, number):
        for part in self.PARTS:
            pid, start = (self._run / f"{part}.pid").read_text().split()
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            if fields[19] != start:
                raise Failed(f"{part} is not the process that deploy/local started")
            os.kill(int(pid), number)


def play(api):
    """What was seen, in words; Failed if the second run started before the first one's statement had ended."""
    first, second = rounds.TEAMS.values()
    database = rounds.object_name(DATABASE)
    lost = migration.migration(NAME, database, VERSION, hold=STATEMENT_SECONDS)
    # As on a server that cannot look after its clients: else the statement ends seconds after its client, and SQL does not go on.
    lost["spec"]["env"].append({"name": "PGOPTIONS", "value": "-c client_connection_check_interval=0"})
    api.create("migrations", first, lost)

    def works():
        pod = next(iter(api.pods_of(first, api.get("migrations", first, NAME)["status"].get("run", {}).get("jobName"))), None)
        in_session = cluster.sql(DATABASE, f"SELECT pod FROM migration_runs WHERE pod LIKE '{NAME}%'")
        return pod if in_session and container(pod, "migrate").get("state", {}).get("running") else None

    pod = wait_for("the first run to work", works, 90)
    node = Node()
    # Whatever happens here, the node goes on: the cluster is removed by others, but not a node that stands still.
    back = threading.Timer(3 * AWAY_SECONDS, node.signal, (signal.SIGCONT,))
    back.start()
    node.signal(signal.SIGSTOP)
    try:
        api.delete("pods", first, pod["metadata"]["name"], gracePeriodSeconds=0)
        api.create("migrations", second, migration.migration(NAME, database, VERSION))
        time.sleep(AWAY_SECONDS)
    finally:
        node.signal(signal.SIGCONT)
        back.cancel()

    for namespace in (second, first):
        thing = wait_for(
            f"{NAME} in {namespace} to be proven", lambda: proven(api, namespace), 150,
            lambda: cluster.shown(api.get("migrations", namespace, NAME)),
        )  # fmt: skip
        print(f"    {namespace}: {condition(thing)['reason']}", flush=True)
    rows = cluster.sql(
        DATABASE, f"SELECT pod, extract(epoch FROM started), extract(epoch FROM ended) FROM migration_runs WHERE pod LIKE '{NAME}%' ORDER BY id"
    )
    if len(rows) < 2 or not rows[0][2]:
        raise Failed(f"the first statement did not go on to its end, or there was no second run: {rows}")
    gap = float(rows[1][1]) - float(rows[0][2])
    if gap < 0:
        raise Failed(f"I2: the second run started {-gap:.1f} s before the first one's statement had ended: {rows}")
    overlaps = cluster.sql(DATABASE, migration.OVERLAPS)
    if overlaps:
        raise Failed(f"I2: {overlaps}")
    return f"the second run started {gap:.1f} s after the statement of the first one had ended, which took {STATEMENT_SECONDS} s"


def proven(api, namespace):
    thing = api.get("migrations", namespace, NAME)
    if condition(thing).get("status") == "True":
        return thing
    if condition(thing, "Stalled").get("status") == "True":
        annotations = thing["metadata"].get("annotations", {})
        count = int(annotations.get(rounds.RETRY, "0"))
        # The owner asks again, once the run is known to be lost.
        if count < rounds.RETRIES and condition(thing).get("observedGeneration", 0) >= thing["metadata"]["generation"]:
            api.patch("migrations", namespace, NAME, {"metadata": {"annotations": {rounds.RETRY: str(count + 1)}}})
            time.sleep(2)
    return None
