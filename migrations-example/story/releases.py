"""The first half of the story: three releases, each a plain `kubectl apply`."""

import re
import subprocess
import time

import cluster
from cluster import EXAMPLE, NAMESPACE, apply, condition, kubectl, wait_for

# Enough rows for a backfill that takes seconds.
SEED_ROWS = 200_000
# A storm of retries would show within this time: Kubernetes' own first retry of a Job comes after 10 s.
RETRY_WATCH_SECONDS = 15

NAMESPACE_YAML = f"""
apiVersion: v1
kind: Namespace
metadata:
  name: {NAMESPACE}
  labels: {{pod-security.kubernetes.io/enforce: restricted}}
"""


def database(world):
    report = world.report
    report.step("A namespace with PostgreSQL", "What a team has before it meets Tidegate. Pod Security is 'restricted'.")
    kubectl("create", "--filename=-", stdin=NAMESPACE_YAML)
    report.command(f"postgres/create-secret {NAMESPACE}; kubectl apply -f postgres/postgres.yaml")
    subprocess.run([EXAMPLE / "postgres/create-secret", NAMESPACE], check=True, stdout=subprocess.DEVNULL)
    kubectl("apply", "--filename", str(EXAMPLE / "postgres/postgres.yaml"))
    wait_for(
        "PostgreSQL to be ready",
        lambda: cluster.get("statefulsets.apps", "orders-db")["status"].get("readyReplicas") == 1,
        timeout=120,
        describe=lambda: kubectl("describe", "pods"),
    )
    report.check(True, "PostgreSQL answers; its database 'orders' is empty")


def first_release(world):
    report = world.report
    report.step(
        "Release 1: Database, Migration and Deployment in one apply",
        "The Deployment must not start a pod before its schema is there.",
    )
    since = time.time()
    apply(report, "v1.yaml")
    world.check_held()
    world.wait_rolled_out("registry.example.com/orders:1.0.0", 180)

    proven, pods = world.proven(since), world.service_pods_created(since)
    early = [pod for pod in pods if pod.received < proven.received]
    report.check(len(pods) == 2 and not early, "no pod was created before the schema was proven", f"{len(early)} were")
    report.say(f"proven {proven.received - since:.1f} s after the apply, first pod {pods[0].received - proven.received:.3f} s later")
    restarts = sum(status["restartCount"] for pod in world.service_pods() for status in pod["status"]["containerStatuses"])
    report.check(restarts == 0, "no pod had to restart until its schema was there", f"{restarts} restarts")
    world.check_runs([True], "the migration ran once, says the table it writes itself")
    version = world.ask("/version")
    report.check(version == {"release": "1.0.0", "needs": "0001", "schema": "0001_create_orders"}, f"it serves: {version}")
    order = world.post({"customer": "ada", "item": "tea", "quantity": 2})
    report.check(order in world.ask("/orders?limit=1000"), f"an order was written and read back: {order}")


def begin_load(world):
    report = world.report
    report.step(
        "Customers arrive", f"{SEED_ROWS:,} old orders, and from now to the end 20 requests a second through the Service."
    )
    cluster.query(
        "INSERT INTO orders (customer, item, quantity, created_at)"
        " SELECT 'customer' || n % 1000, 'tea', 1, now() - n * interval '2 seconds'"
        f" FROM generate_series(1, {SEED_ROWS}) AS n"
    )
    world.load.start()
    world.check_no_failed_request(0, "so far")


def second_release(world):
    """Returns when it was applied: the figures are taken from this release."""
    report = world.report
    report.step(
        "Release 2: a new column, while release 1 serves",
        "The migration takes seconds. Old pods go on meanwhile; then the rollout starts by itself.",
    )
    since = time.time()
    apply(report, "v2.yaml")
    world.check_held()
    wait_for("the migration's start", lambda: len(world.runs()) == 2, timeout=60, describe=lambda: kubectl("describe", "pods"))
    report.command("kubectl get migrations.tidegate.io,deployments.apps   # while the migration runs")
    report.show(kubectl("get", "migrations.tidegate.io,deployments.apps"))
    waiting_for = world.deployment()["metadata"]["annotations"].get("tidegate.io/waiting-for", "")
    report.check(waiting_for != "", f"the Deployment says what it waits for: {waiting_for!r}")
    world.wait_rolled_out("registry.example.com/orders:2.0.0", 180)

    begin, end = world.last_run_seconds()
    answered = world.load.answered_between(begin, end)
    report.check(
        set(answered) == {"1.0.0"} and end - begin > 3,
        f"during the {end - begin:.1f} s of the migration release 1 answered {answered.get('1.0.0', 0)} requests",
        f"answered by {answered}",
    )
    proven, pods = world.proven(since), world.service_pods_created(since)
    early = [pod for pod in pods if pod.received < proven.received]
    report.check(len(pods) == 2 and not early, "no pod of release 2 was created before the column was proven", f"{early}")
    world.check_no_failed_request(since, "from the apply to the end of the rollout")
    world.check_runs([True, True], "the migration ran once")
    order = world.post({"customer": "ada", "item": "cake"})
    report.check(order.get("customer_email") == "ada@customers.example.com", f"release 2 serves: {order}")
    return since


def broken_release(world):
    report = world.report
    report.step(
        "Release 3: its migration fails",
        "Two orders of one second get the same reference; the developer's table was too small to show it.",
    )
    since = time.time()
    apply(report, "v3-broken.yaml")
    wait_for(
        "the Migration to be Stalled",
        lambda: cluster.is_current(world.migration()) and condition(world.migration(), "Stalled").get("status") == "True",
        timeout=120,
        describe=lambda: kubectl("describe", "migrations.tidegate.io"),
    )
    report.say(f"failed; watching {RETRY_WATCH_SECONDS} s whether anything is tried again")
    time.sleep(RETRY_WATCH_SECONDS)

    migration = world.migration()
    report.check(condition(migration, "Ready").get("status") == "False", "Ready is False, Stalled is True")
    pods = world.migration_pods_created(since)
    report.check(len(pods) == 1, "it ran once: one pod in the audit log", f"{len(pods)} pods")
    world.check_runs([True, True, False], "and one row in the database, without an end")
    entry = migration["status"]["history"][0]
    report.check(entry.get("exitCode") == 1, "the Migration has the exit code", f"{entry}")
    report.check("could not create unique index" in entry.get("logTail", ""), "and the last log lines", f"{entry}")
    report.command("kubectl describe migrations.tidegate.io orders")
    shown = status_part(kubectl("describe", "migrations.tidegate.io", "orders"))
    report.show(shown)
    report.check(
        re.search(r"Exit Code:\s+1$", shown, re.MULTILINE) is not None and "could not create unique index" in shown,
        "it shows both",
    )
    world.check_held()
    report.check(not world.service_pods_created(since), "no pod of release 3 was created")
    answered = world.load.answered_between(since, time.time())
    report.check(set(answered) == {"2.0.0"}, f"release 2 serves on: {answered.get('2.0.0', 0)} requests", f"{answered}")
    world.check_no_failed_request(since, "meanwhile")


def status_part(description):
    """The conditions and the newest entry of the history: what tells why it failed."""
    lines = description.splitlines()
    begin = next((number for number, line in enumerate(lines) if line.startswith("Status:")), 0)
    shown, entries = [], 0
    in_history = False
    for line in lines[begin:]:
        if line.startswith("  History:"):
            in_history = True
        elif re.match(r"  [A-Z][A-Za-z ]*:", line):
            in_history = False
        entries += in_history and line.strip().startswith("Attempt:")
        if not in_history or entries <= 1:
            shown.append(line)
    return "\n".join(shown)
