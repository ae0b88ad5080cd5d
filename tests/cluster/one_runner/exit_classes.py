"""Each way in which a launch ends, or never begins, with real pods: the reason that operator/api/REASONS.md names for it, and
a message that names the object, the cause and the next step."""

import concurrent.futures
import dataclasses
import pathlib
import threading
import time

import cluster
import migration
from cluster import Failed, condition, container, wait_for

REASONS = pathlib.Path(__file__).resolve().parents[3] / "operator/api/REASONS.md"
VERSION = "0001"
BOUND_SECONDS = 120
# Two cores also run the rounds beside them.
AT_ONCE = 6
# Ends with 143 on SIGTERM, as tools that handle it do; process 1 of a container is not ended by it otherwise.
WAIT = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
print("waits", flush=True)
time.sleep(600)
"""
REACH = 'import os, psycopg2; c = psycopg2.connect(os.environ["DATABASE_URL"]); c.cursor().execute("INSERT INTO alembic_version VALUES (%s)", (os.environ["VERSION"],)); c.commit()\n'


@dataclasses.dataclass
class Class:
    name: str
    reason: str
    # Of the Migration's spec, over what every migration here has.
    spec: dict = dataclasses.field(default_factory=dict)
    # What the message must name: the object, the cause, the next step.
    says: tuple = ()
    script: str = ""
    # What is done to the pod once the migration runs in it; what is made in the namespace before the Migration.
    act: str = ""
    before: dict = dataclasses.field(default_factory=dict)
    pod_security: str = "restricted"

    @property
    def namespace(self):
        return f"class-{self.name}"


def python(text):
    return {"command": ["python3", "-c", text]}


def secret_variable(secret, key):
    return {"env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}]}


def quota(resource):
    return {"resourcequotas": {"metadata": {"name": "none"}, "spec": {"hard": {resource: "0"}}}}


RETRY = "annotates the Migration tidegate.io/retry"
CORRECT = "Correct spec.command or spec.image"
TO_VERSION = f"The migration to version {VERSION} failed"
CONTAINER = "container migrate of pod orders-"

CLASSES = [
    Class("exit-0", "MigrationSucceeded", {}, (f"Version {VERSION} was reached by Job orders-", f"said version {VERSION}"), script=REACH),
    Class("exit-0-unreached", "VerificationFailed", python("pass"),
          ("exit code 0", f"version {VERSION} is not reached: the database says no version", "Check that the command migrates this database")),
    Class("exit-1", "MigrationFailed", python("raise SystemExit(1)"), (TO_VERSION, "exit code 1.", RETRY)),
    Class("exit-1-reached", "VerifiedAfterFailure", {}, (f"Version {VERSION} was reached by Job orders-", "although exit code 1"),
          script=REACH + "raise SystemExit(1)"),
    Class("exit-125", "MigrationFailed", python("raise SystemExit(125)"), (TO_VERSION, "exit code 125.", RETRY)),
    Class("exit-126", "CommandNotFound", {"command": ["sh", "-c", "/etc/passwd"]},
          (TO_VERSION, "exit code 126 (command not executable)", CORRECT)),
    Class("exit-127", "CommandNotFound", {"command": ["sh", "-c", "no-such-command"]},
          (TO_VERSION, "exit code 127 (command not found)", CORRECT)),
    Class("no-command", "CommandNotFound", {"command": ["/no/such/command"]},
          (migration.MIGRATION_IMAGE, "/no/such/command", "no such file", CORRECT)),
    Class("not-executable", "CommandNotFound", {"command": ["/etc/passwd"]},
          (migration.MIGRATION_IMAGE, "/etc/passwd", "permission denied", CORRECT)),
    # Of the signals that process 1 of a container can give itself only the kernel's own end it.
    Class("crashed", "MigrationFailed", python("import ctypes; ctypes.string_at(0)"), (TO_VERSION, "exit code 139 (signal 11)", RETRY)),
    Class("out-of-memory", "OutOfMemory",
          {**python("x = bytearray(10**9); print(len(x))"), "resources": {"limits": {"memory": "48Mi"}}},
          (TO_VERSION, "out of memory", "raise spec.resources")),
    Class("evicted", "Disrupted", python(WAIT), (TO_VERSION, "pod disrupted: EvictionByEvictionAPI", RETRY), act="evict"),
    # Nothing on the pod tells a deletion from a tool that ends with 143 by itself.
    Class("deleted", "MigrationFailed", python(WAIT), (TO_VERSION, "exit code 143 (signal 15)", RETRY), act="delete"),
    Class("deleted-by-force", "MigrationFailed", python(WAIT), (TO_VERSION, RETRY), act="delete by force"),
    Class("too-long", "DeadlineExceeded", {**python(WAIT), "activeDeadlineSeconds": 3},
          (TO_VERSION, "ended by Tidegate after spec.activeDeadlineSeconds (3s)", RETRY)),
    Class("no-image", "ImagePullFailed", {"image": "registry.example.com/no-such-image:1", **python("pass")},
          (CONTAINER, "registry.example.com/no-such-image:1", "Correct the image or imagePullSecrets")),
    Class("bad-image", "ImagePullFailed", {"image": "UPPER:case:name", **python("pass")},
          (CONTAINER, "UPPER:case:name", "Correct the image")),
    Class("no-secret", "SecretOrKeyMissing", {**python("pass"), **secret_variable("no-such-secret", "uri")},
          (CONTAINER, 'secret "no-such-secret" not found', "Create what is missing")),
    Class("no-key", "SecretOrKeyMissing", {**python("pass"), **secret_variable("databases", "no-such-key")},
          (CONTAINER, "key no-such-key in Secret class-no-key/databases", "Create what is missing")),
    Class("as-root", "ContainerRefused", {**python("pass"), "securityContext": {"runAsUser": 0}},
          (CONTAINER, "breaks non-root policy", "needs spec.securityContext.runAsUser"), pod_security="privileged"),
    Class("as-root-restricted", "NotStarting", {**python("pass"), "securityContext": {"runAsUser": 0}},
          ("Job orders-", "an admission rule may refuse it", "See kubectl describe job orders-")),
    Class("no-node", "Unschedulable", {**python("pass"), "nodeSelector": {"no-such": "node"}},
          ("No node takes pod orders-", "0/1 nodes are available", "Add or free a node that fits")),
    Class("no-pods", "NotStarting", python("pass"), ("Job orders-", "a quota", "See kubectl describe job orders-"), before=quota("pods")),
    Class("no-jobs", "JobRefused", python("pass"), ("Job orders-", "exceeded quota: none", "Mend the cause"),
          before=quota("count/jobs.batch")),
    # The kubelet says so up to 15 seconds after it has found it out.
    Class("never-starts", "NeverStarted", {**python("pass"), **secret_variable("no-such-secret", "uri"), "startDeadlineSeconds": 20},
          ("The migration container of Job orders-", 'secret "no-such-secret" not found', "tidegate.io/retry=<a new value>")),
]


class Suite:
    def __init__(self, api):
        self._api = api
        self._lock = threading.Lock()
        self.violations = []
        self.seconds = {}

    def prepare(self):
        for each in CLASSES:
            self._api.create("databases", each.namespace, migration.database("orders", each.name.replace("-", "_")))
        for each in CLASSES:
            wait_for(
                f"the Database of {each.namespace} to be read",
                lambda: condition(self._api.get("databases", each.namespace, "orders")).get("status") == "True",
                120,
                lambda: cluster.shown(self._api.get("databases", each.namespace, "orders")),
            )
            for kind, thing in each.before.items():
                self._api.create(kind, each.namespace, thing)

    def run(self):
        documented = REASONS.read_text()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for each in CLASSES:
                pool.submit(self._guarded, each, documented)

    def _guarded(self, each, documented):
        start = time.monotonic()
        try:
            if f"`{each.reason}`" not in documented:
                raise Failed(f"{each.reason} is not in REASONS.md")
            self._play(each)
        # Any: a class that was not seen to its end has not passed.
        except Exception as error:
            with self._lock:
                self.violations.append(f"class {each.name}: {type(error).__name__}: {error}")
        self.seconds[each.name] = time.monotonic() - start

    def _play(self, each):
        made = migration.migration("orders", "orders", VERSION, script=each.script, **each.spec)
        self._api.create("migrations", each.namespace, made)
        if each.act:
            self._act(each, wait_for("the migration to run", lambda: self._running_pod(each), BOUND_SECONDS))
        wait_for(
            f"the reason {each.reason}",
            lambda: condition(self._migration(each)).get("reason") == each.reason,
            BOUND_SECONDS,
            lambda: cluster.shown(self._migration(each)),
        )
        ready = condition(self._migration(each))
        missing = [words for words in each.says if words not in ready["message"]]
        if missing or not each.says:
            raise Failed(f"the message does not say {missing}: {ready['reason']}: {ready['message']}")

    def _migration(self, each):
        return self._api.get("migrations", each.namespace, "orders")

    def _running_pod(self, each):
        job = self._migration(each)["status"].get("run", {}).get("jobName")
        pods = self._api.pods_of(each.namespace, job) if job else []
        return next((pod for pod in pods if container(pod, "migrate").get("state", {}).get("running")), None)

    def _act(self, each, pod):
        name = pod["metadata"]["name"]
        if each.act == "evict":
            path = self._api.path("pods", each.namespace, name) + "/eviction"
            self._api.request("POST", path, {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}})
        elif each.act == "delete":
            self._api.delete("pods", each.namespace, name)
        else:
            self._api.delete("pods", each.namespace, name, gracePeriodSeconds=0)
