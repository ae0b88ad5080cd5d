"""What the story's steps ask again and again: the objects, the witness in the database, the audit log, the load."""

import json
import time
import urllib.request

import audit
import cluster
from audit import Audit
from cluster import NAMESPACE, kubectl
from load import Load
from report import Report, StoryFailed

REQUEST_TIMEOUT_SECONDS = 5
# The load says every second how far it is. No failure of a load that has ended proves nothing.
SILENCE_SECONDS = 3
# The cluster is on this machine: whatever proxy the environment names has no business here.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class World:
    def __init__(self):
        self.report = Report()
        self.audit = Audit()
        self.load = Load()
        self._sent_before = 0

    def deployment(self):
        return cluster.get("deployments.apps", "orders")

    def migration(self):
        return cluster.get("migrations.tidegate.io", "orders")

    def runs(self):
        """The rows that migrations wrote themselves: job uid, pod, and whether it ended well. The oracle."""
        return cluster.query("SELECT job_uid, pod, ended IS NOT NULL FROM migration_runs ORDER BY id")

    def last_run_seconds(self):
        """Begin and end of the newest run, by the database's clock, which is this machine's."""
        (row,) = cluster.query(
            "SELECT extract(epoch FROM started), extract(epoch FROM ended) FROM migration_runs ORDER BY id DESC LIMIT 1"
        )
        return float(row[0]), float(row[1])

    def ask(self, path, order=None):
        """GET, or POST of an order, at the Service's address, which the embedded cluster's machine reaches."""
        address = cluster.get("services", "orders")["spec"]["clusterIP"]
        body = json.dumps(order).encode() if order else None
        try:
            with _OPENER.open(f"http://{address}{path}", body, timeout=REQUEST_TIMEOUT_SECONDS) as answer:
                return json.load(answer)
        except OSError as error:
            raise StoryFailed(f"asking http://{address}{path} failed: {error}") from error

    def post(self, order):
        return self.ask("/orders", order)

    # From the audit log, since a moment.

    def jobs_created(self, since):
        """Jobs that run a migration; probes only look."""
        return [
            write
            for write in self.audit.writes(NAMESPACE, since, verb="create", resource="jobs")
            if write.body["metadata"].get("labels", {}).get("tidegate.io/role") == "migrate"
        ]

    def migration_pods_created(self, since):
        jobs = {job.name for job in self.jobs_created(since)}
        created = self.audit.writes(NAMESPACE, since, audit.JOB_CONTROLLER, "create", "pods")
        return [write for write in created if write.owner() in jobs]

    def service_pods_created(self, since):
        created = self.audit.writes(NAMESPACE, since, audit.REPLICA_SET_CONTROLLER, "create", "pods")
        return [write for write in created if write.owner().startswith("orders-")]

    def proven(self, since):
        """The operator's write that set the Migration Ready."""
        return next(
            write
            for write in self.audit.writes(NAMESPACE, since, audit.OPERATOR, "patch", "migrations/status")
            if sets_condition(write.body, "Ready", "True")
        )

    # Checks that several steps share.

    def check_held(self):
        deployment = self.deployment()
        self.report.check(cluster.is_held(deployment), "the API server holds the rollout (paused, tidegate.io/gate=held)")

    def check_no_failed_request(self, since, what):
        totals = self._totals_since_asked_last()
        failures = self.load.failures(since)
        silence, sent = time.time() - totals["time"], totals["sent"] - self._sent_before
        self._sent_before = totals["sent"]
        self.report.check(
            not failures and silence <= SILENCE_SECONDS and sent > 0,
            f"no request failed {what} ({totals['sent']} sent since the start, slowest {totals['slowest_ms']} ms)",
            f"{len(failures)} failed, the first: {failures[:1]}; {sent} sent since this was asked last,"
            f" the newest totals are {silence:.1f} s old",
        )

    def _totals_since_asked_last(self):
        """Of a load that has ended, or sends nothing any more: the last ones."""
        end = time.time() + SILENCE_SECONDS
        while (totals := self.load.totals())["sent"] <= self._sent_before and time.time() < end:
            time.sleep(0.2)
        return totals

    def check_runs(self, expected, what):
        runs = self.runs()
        ended = [row[2] == "t" for row in runs]
        self.report.check(ended == expected, what, f"the database saw {runs}")
        jobs, of_pods = [row[0] for row in runs], [pod.owner_uid() for pod in self.migration_pods_created(0)]
        self.report.check(
            jobs == of_pods,
            f"the audit log agrees: {len(of_pods)} migration pods so far, of the Jobs in that table",
            f"Jobs in the table: {jobs}, of pods in the audit log: {of_pods}",
        )

    def wait_rolled_out(self, image, timeout):
        """Until every pod runs the image and the last old one is gone, having finished its requests."""
        cluster.wait_for(
            f"the rollout of {image}",
            lambda: cluster.image(self.deployment()) == image and cluster.rolled_out(self.deployment()),
            timeout,
            lambda: kubectl("get", "deployments.apps,pods,migrations.tidegate.io", "--output=wide"),
        )
        cluster.wait_for("the old pods to end", lambda: len(self.service_pods()) == self.deployment()["spec"]["replicas"])

    def service_pods(self):
        return cluster.get_list("pods", "--selector=app.kubernetes.io/name=orders,app.kubernetes.io/component=web")


def sets_condition(body, type_, status):
    """Whether a request's body, whatever its form, sets that condition."""
    if isinstance(body, dict):
        if body.get("type") == type_ and body.get("status") == status:
            return True
        body = list(body.values())
    return isinstance(body, list) and any(sets_condition(each, type_, status) for each in body)
