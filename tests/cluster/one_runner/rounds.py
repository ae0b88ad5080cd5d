"""Rounds of two Migrations in two namespaces, of two operators, that want one database at the same time."""

import copy
import random
import threading
import time

import cluster
import migration
from cluster import Failed, condition, container, wait_for

DATABASES = [f"round_{number}" for number in range(10)]
# Not of a round: for the node that is lost.
NODE_LOST = "node_lost"
ROUNDS_EACH = 2
COUNT = len(DATABASES) * ROUNDS_EACH
TEAMS = {"first": "team-a", "second": "team-b"}
# Two migrations, a duplicate and a repeated one, each after the quiet time of 15 s, on a machine that starts fifty pods.
BOUND_SECONDS = 180
# What an owner would do who reads that a run was disrupted.
RETRIES = 3
RETRY = "tidegate.io/retry"
CHAOS = ["nothing", "delete while it works", "delete while it waits", "duplicate", "duplicate and delete"]


def object_name(database):
    return database.replace("_", "-")


class Round:
    """One database, one version; what happens is drawn from its number."""

    def __init__(self, api, number):
        self.api = api
        self.number = number
        self.database = DATABASES[number % len(DATABASES)]
        self.version = f"{number // len(DATABASES) + 1:04}"
        self.name = f"{object_name(self.database)}-{self.version}"
        self.copies = []
        self.deleted = 0
        self.retries = 0
        self.trace = []
        self._start = time.monotonic()
        self._dice = random.Random(number)
        self._end = self._start + BOUND_SECONDS

    def play(self):
        chaos = CHAOS[self.number % len(CHAOS)]
        sides = list(TEAMS.values())
        self._dice.shuffle(sides)
        self._say(f"{chaos}; {sides[0]} comes first")
        for namespace in sides:
            hold = self._dice.uniform(0.2, 4)
            self.api.create(
                "migrations", namespace,
                migration.migration(self.name, object_name(self.database), self.version, hold=hold, startDeadlineSeconds=300),
            )  # fmt: skip
            time.sleep(self._dice.choice([0, 0, 0.3]))
        if "duplicate" in chaos:
            self._duplicate(self._dice.choice(sides))
        if "delete" in chaos:
            self._delete(self._dice.choice(sides), waits="waits" in chaos)
        for namespace in sides:
            self._await_proven(namespace)
        self._await_copies()

    def _say(self, line):
        self.trace.append(f"{time.monotonic() - self._start:6.1f} s: {line}")

    def _left(self):
        return max(1, self._end - time.monotonic())

    def _pod(self, namespace):
        """The newest pod of the Migration's run."""
        thing = self.api.get("migrations", namespace, self.name)
        job = thing["status"].get("run", {}).get("jobName")
        pods = self.api.pods_of(namespace, job) if job else []
        return max(pods, key=lambda pod: pod["metadata"]["creationTimestamp"], default=None)

    def _duplicate(self, namespace):
        """What a Job controller that makes one pod too many would leave: the same pod again, under the same Job's name for
        the fence. Without the labels by which Jobs find pods, or this one's would end it at once."""
        pod = wait_for(f"a pod of {self.name} in {namespace}", lambda: self._pod(namespace), self._left())
        twin = {
            "metadata": {"name": pod["metadata"]["name"] + "-twin", "labels": {"tidegate-test/twin": "true"}},
            "spec": copy.deepcopy(pod["spec"]),
        }
        del twin["spec"]["nodeName"]
        uid = pod["metadata"]["labels"]["batch.kubernetes.io/controller-uid"]
        for each in twin["spec"]["initContainers"] + twin["spec"]["containers"]:
            for variable in each.get("env", []):
                if variable["name"] == "TIDEGATE_JOB_UID":
                    del variable["valueFrom"]
                    variable["value"] = uid
        self.api.create("pods", namespace, twin)
        self.copies.append((namespace, twin["metadata"]["name"]))
        self._say(f"a twin of {pod['metadata']['name']} in {namespace}")

    def _delete(self, namespace, waits):
        """By force: the API server forgets the pod at once, whatever its processes do."""

        def ripe():
            pod = self._pod(namespace)
            if self._is_over(namespace):
                return "over"
            if waits:
                return pod if container(pod, "tidegate-agent").get("state", {}).get("running") else None
            return pod if container(pod, "migrate").get("state", {}).get("running") else None

        pod = wait_for(f"{self.name} in {namespace} to be ripe", ripe, self._left())
        if pod == "over":
            self._say(f"{namespace} was over before its pod could be deleted")
            return
        if self.api.delete("pods", namespace, pod["metadata"]["name"], gracePeriodSeconds=0):
            self.deleted += 1
            self._say(f"{pod['metadata']['name']} in {namespace} is deleted by force")

    def _is_over(self, namespace):
        thing = self.api.get("migrations", namespace, self.name)
        return condition(thing).get("status") == "True" or condition(thing, "Stalled").get("status") == "True"

    def _await_proven(self, namespace):
        retries = 0
        while True:
            wait_for(
                f"{self.name} in {namespace} to be over", lambda: self._is_over(namespace), self._left(),
                lambda: cluster.shown(self.api.get("migrations", namespace, self.name)),
            )  # fmt: skip
            thing = self.api.get("migrations", namespace, self.name)
            ready = condition(thing)
            self._say(f"{namespace}: {ready['status']} {ready['reason']}")
            if ready["status"] == "True":
                return
            if retries == RETRIES:
                raise Failed(f"{self.name} in {namespace} is not proven: {cluster.shown(thing)}")
            retries += 1
            self.retries += 1
            self.api.patch("migrations", namespace, self.name, {"metadata": {"annotations": {RETRY: str(retries)}}})
            wait_for(
                f"the retry of {self.name} in {namespace}", lambda: not self._is_stalled(namespace), self._left()
            )

    def _is_stalled(self, namespace):
        return condition(self.api.get("migrations", namespace, self.name), "Stalled").get("status") == "True"

    def _await_copies(self):
        for namespace, name in self.copies:
            wait_for(
                f"the twin {name} to end",
                lambda: self.api.get("pods", namespace, name)["status"]["phase"] in ("Succeeded", "Failed"),
                self._left(),
            )
            self._say(f"the twin {name} ended: {self.api.get('pods', namespace, name)['status']['phase']}")
            self.api.delete("pods", namespace, name, gracePeriodSeconds=0)


class Suite:
    def __init__(self, api):
        self._api = api
        self._lock = threading.Lock()
        self.rounds = []
        self.violations = []

    def prepare(self):
        for namespace in TEAMS.values():
            for database in [*DATABASES, NODE_LOST]:
                self._api.create("databases", namespace, migration.database(object_name(database), database))
        for namespace in TEAMS.values():
            wait_for(
                f"the Databases of {namespace} to be read",
                lambda: all(condition(each).get("status") == "True" for each in self._api.list("databases", namespace)),
                120,
                lambda: "; ".join(cluster.shown(each) for each in self._api.list("databases", namespace)),
            )

    def run(self):
        threads = [threading.Thread(target=self._lane, args=(first,)) for first in range(len(DATABASES))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if len(self.rounds) != COUNT:
            self.violations.append(f"{len(self.rounds)} rounds were played, not {COUNT}")
        for database in DATABASES:
            self.violations += [f"I2 in {database}: {row[0]}" for row in cluster.sql(database, migration.OVERLAPS)]
        pods = sum(int(cluster.sql(database, "SELECT count(DISTINCT pod) FROM migration_runs")[0][0]) for database in DATABASES)
        counts = (
            f"{len(self.rounds)} rounds, {pods} pods migrated, {sum(len(each.copies) for each in self.rounds)} duplicates, "
            f"{sum(each.deleted for each in self.rounds)} pods deleted by force, {sum(each.retries for each in self.rounds)} retries"
        )
        return counts

    def _lane(self, first):
        for number in range(first, COUNT, len(DATABASES)):
            played = Round(self._api, number)
            try:
                played.play()
            # Any: a round that was not seen to its end has not passed.
            except Exception as error:
                with self._lock:
                    self.violations.append(f"round {number}: {type(error).__name__}: {error}\n    " + "\n    ".join(played.trace))
            with self._lock:
                self.rounds.append(played)
