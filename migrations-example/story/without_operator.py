"""The second half: what works, and what waits, while Tidegate is not there."""

import time

import cluster
from audit import OPERATOR
from cluster import NAMESPACE, apply, kubectl, wait_for
from report import StoryFailed
import tidegate

# Long enough for anything that would start by itself to have started.
STAYS_SECONDS = 5

PLAIN_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: plain}
spec:
  selector: {matchLabels: {app: plain}}
  template:
    metadata: {labels: {app: plain}}
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 1
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers:
      - name: plain
        image: registry.example.com/orders:1.0.0
        command: [sleep, infinity]
        securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
"""


def fixed_release(world):
    report = world.report
    report.step(
        "The fix, applied while the operator is away",
        "An unproven rollout is what waits for the operator: it stays held, and goes through when the operator is back.",
    )
    tidegate.send_away(report)
    since = time.time()
    apply(report, "v3-fixed.yaml")
    world.check_held()
    time.sleep(STAYS_SECONDS)
    world.check_held()
    report.check(not world.jobs_created(since) and not world.service_pods_created(since), "nothing was started")
    tidegate.bring_back(report)
    world.wait_rolled_out("registry.example.com/orders:3.0.1", 180)

    report.check(len(world.migration_pods_created(since)) == 1, "the repaired migration ran once: one pod in the audit log")
    world.check_runs([True, True, False, True], "and one row in the database; the failed one was not run again")
    order = world.post({"customer": "ada", "item": "jam"})
    report.check(bool(order.get("reference")), f"release 3 serves: {order}")
    world.check_no_failed_request(since, "meanwhile")


class Errors:
    """Does what must not need the operator, and counts what failed."""

    def __init__(self, report):
        self.count = 0
        self._report = report

    def attempt(self, what, action):
        try:
            action()
            self._report.check(True, what)
        except StoryFailed as error:
            self.count += 1
            self._report.check(False, what, str(error))


def go_back(world):
    report = world.report
    report.step(
        "Back to release 2 by its old manifest, without the operator",
        "The schema stays ahead. What is satisfied needs no operator, neither does anything else that is running.",
    )
    tidegate.send_away(report)
    since = time.time()
    errors = Errors(report)
    errors.attempt("a Deployment without the annotation is created and runs", lambda: create_plain(report))
    errors.attempt("a satisfied Deployment is updated and rolls out", lambda: restart(world))
    errors.attempt("scaling to 3 and back to 2", lambda: scale(world))
    errors.attempt("a deleted pod is replaced", lambda: delete_pod(world))
    errors.attempt("the old manifest opens at once and rolls out", lambda: roll_back(world))
    report.check(errors.count == 0, f"{errors.count} errors of 5 without the operator")

    version = world.ask("/version")
    report.check(
        version == {"release": "2.0.0", "needs": "0002", "schema": "0003_add_order_reference"}, f"release 2 serves: {version}"
    )
    report.check(not world.jobs_created(since), "no Job was created")
    report.check(not world.audit.writes(NAMESPACE, since, OPERATOR), "the operator wrote nothing: it was not there")

    tidegate.bring_back(report)
    report.say("the operator is back; now the old Migration is applied as well, as GitOps would")
    apply(report, "v2.yaml")
    wait_for(
        "the old Migration to be Ready",
        lambda: cluster.is_current(world.migration())
        and cluster.condition(world.migration(), "Ready").get("status") == "True",
        describe=lambda: kubectl("describe", "migrations.tidegate.io"),
    )
    time.sleep(STAYS_SECONDS)
    ready = cluster.condition(world.migration(), "Ready")
    report.say(f"Ready, {ready['reason']}: {ready['message']}")
    report.check(not world.jobs_created(since), "again no Job: a schema that is reached is not migrated again")
    world.check_runs([True, True, False, True], "the database saw no further run")
    world.check_no_failed_request(0, "from the first release to the end")


def create_plain(report):
    report.command("kubectl apply -f -   # a Deployment that has never heard of Tidegate")
    kubectl("apply", "--filename=-", stdin=PLAIN_DEPLOYMENT)
    wait_for("its pod", lambda: cluster.rolled_out(cluster.get("deployments.apps", "plain")))
    kubectl("delete", "deployment/plain", "--wait=false")


def restart(world):
    world.report.command("kubectl rollout restart deployment/orders")
    kubectl("rollout", "restart", "deployment/orders")
    if cluster.is_held(world.deployment()):
        raise StoryFailed("it was held although its requirement is satisfied")
    world.wait_rolled_out("registry.example.com/orders:3.0.1", 90)


def scale(world):
    for replicas in (3, 2):
        world.report.command(f"kubectl scale deployment/orders --replicas={replicas}")
        kubectl("scale", "deployment/orders", f"--replicas={replicas}")
        world.wait_rolled_out("registry.example.com/orders:3.0.1", 60)


def delete_pod(world):
    name = world.service_pods()[0]["metadata"]["name"]
    world.report.command(f"kubectl delete pod {name}")
    kubectl("delete", "pod", name)
    world.wait_rolled_out("registry.example.com/orders:3.0.1", 60)


def roll_back(world):
    apply(world.report, "v2.yaml", "--selector=app.kubernetes.io/component=web")
    if cluster.is_held(world.deployment()):
        raise StoryFailed("it was held although its requirement is satisfied")
    world.wait_rolled_out("registry.example.com/orders:2.0.0", 90)
