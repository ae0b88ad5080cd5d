"""Each way in which a launch ends, or never begins, with real pods: the reason that operator/api/REASONS.md names for it."""

import concurrent.futures
import dataclasses
import pathlib
import threading
import time

import cluster
import migration
from cluster import Failed, Refused, condition, container, wait_for

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


CLASSES = [
    Class("exit-0", "MigrationSucceeded", script=REACH),
    Class("exit-0-unreached", "VerificationFailed", python("pass")),
    Class("exit-1", "MigrationFailed", python("raise SystemExit(1)")),
    Class("exit-1-reached", "VerifiedAfterFailure", script=REACH + "raise SystemExit(1)"),
    Class("exit-125", "MigrationFailed", python("raise SystemExit(125)")),
    Class("exit-126", "CommandNotFound", {"command": ["sh", "-c", "/etc/passwd"]}),
    Class("exit-127", "CommandNotFound", {"command": ["sh", "-c", "no-such-command"]}),
    Class("no-command", "CommandNotFound", {"command": ["/no/such/command"]}),
    Class("not-executable", "CommandNotFound", {"command": ["/etc/passwd"]}),
    # Of the signals that process 1 of a container can give itself only the kernel's own end it.
    Class("crashed", "MigrationFailed", python("import ctypes; ctypes.string_at(0)")),
    Class("out-of-memory", "OutOfMemory", {**python("x = bytearray(10**9); print(len(x))"), "resources": {"limits": {"memory": "48Mi"}}}),
    Class("evicted", "Disrupted", python(WAIT), act="evict"),
    # Nothing on the pod tells a deletion from a tool that ends with 143 by itself.
    Class("deleted", "MigrationFailed", python(WAIT), act="delete"),
    Class("deleted-by-force", "MigrationFailed", python(WAIT), act="delete by force"),
    Class("too-long", "DeadlineExceeded", {**python(WAIT), "activeDeadlineSeconds": 3}),
    Class("no-image", "ImagePullFailed", {"image": "registry.example.com/no-such-image:1", **python("pass")}),
    Class("bad-image", "ImagePullFailed", {"image": "UPPER:case:name", **python("pass")}),
    Class("no-secret", "SecretOrKeyMissing", {**python("pass"), **secret_variable("no-such-secret", "uri")}),
    Class("no-key", "SecretOrKeyMissing", {**python("pass"), **secret_variable("databases", "no-such-key")}),
    Class("as-root", "ContainerRefused", {**python("pass"), "securityContext": {"runAsUser": 0}}, pod_security="privileged"),
    Class("as-root-restricted", "NotStarting", {**python("pass"), "securityContext": {"runAsUser": 0}}),
    Class("no-node", "Unschedulable", {**python("pass"), "nodeSelector": {"no-such": "node"}}),
    Class("no-pods", "NotStarting", python("pass"), before=quota("pods")),
    Class("no-jobs", "JobRefused", python("pass"), before=quota("count/jobs.batch")),
    Class("never-starts", "NeverStarted", {**python("pass"), **secret_variable("no-such-secret", "uri"), "startDeadlineSeconds": 5}),
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
        except (Failed, Refused, OSError) as error:
            with self._lock:
                self.violations.append(f"class {each.name}: {error}")
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
