"""What the steps ask of the cluster: who is held, who started and what it saw, who was disturbed."""

import contextlib

import cluster
from audit import JOB_CONTROLLER, OPERATOR, REPLICA_SET_CONTROLLER
from cluster import NAMESPACE, wait_for
from report import StoryFailed
from world import World

CRON_JOB_CONTROLLER = "system:serviceaccount:kube-system:cronjob-controller"
AUTOSCALER = "system:serviceaccount:kube-system:horizontal-pod-autoscaler"
REQUIRES = "tidegate.io/requires"
HOLD = "tidegate.io/hold"
# Begin the names of pods that require nothing: PostgreSQL, migrations and probes; the load; what has never heard of Tidegate.
UNGATED = ("orders-", "load", "plain-")

# From its node to its first line, on a busy machine.
STARTS_WITHIN_SECONDS = 60


def annotations(thing):
    return thing.get("metadata", {}).get("annotations") or {}


def is_held(thing):
    on = thing["spec"].get("suspend" if thing["kind"] == "Job" else "paused", False)
    return on and (thing["metadata"].get("labels") or {}).get("tidegate.io/gate") == "held"


def is_gated(name):
    return not name.startswith(UNGATED)


def suspends(body):
    """Whether a request's body, an object or a patch of either form, suspends a Job."""
    if isinstance(body, list):
        return any(each.get("path") == "/spec/suspend" and each.get("value") is True for each in body)
    return body.get("spec", {}).get("suspend") is True


class GateWorld(World):
    def counts(self):
        """For the one line at the end, also when the steps were cut short."""
        try:
            starts, requests = len(self.starts()), self.load.totals()["sent"]
        except (StoryFailed, IndexError):
            return "cut short"
        return f"{starts} gated pods started, {requests} requests to a gated service"

    def deployment(self):
        return cluster.get("deployments.apps", "web")

    def job(self, name):
        return cluster.get("jobs.batch", name)

    def jobs_of(self, cron_job):
        """The Jobs that are there, oldest first."""
        jobs = [
            each
            for each in cluster.get_list("jobs.batch")
            if any(owner["name"] == cron_job for owner in each["metadata"].get("ownerReferences", []))
        ]
        return sorted(jobs, key=lambda each: int(each["metadata"]["name"].rsplit("-", 1)[1]))

    def held_jobs_of(self, cron_job):
        return [each["metadata"]["name"] for each in self.jobs_of(cron_job) if is_held(each)]

    def has_succeeded(self, name):
        return self.job(name).get("status", {}).get("succeeded", 0) == 1

    # From the audit log and the table that witness.py writes.

    def made_by(self, cron_job, since, release):
        """Jobs that the CronJob's controller created, of the template of that release."""
        return [
            write.name
            for write in self.audit.writes(NAMESPACE, since, CRON_JOB_CONTROLLER, "create", "jobs")
            if write.owner() == cron_job and annotations(write.body["spec"]["template"]).get(REQUIRES) == release
        ]

    def gated_pods_created(self, requirement=None):
        created = [
            write
            for controller in (REPLICA_SET_CONTROLLER, JOB_CONTROLLER)
            for write in self.audit.writes(NAMESPACE, 0, controller, "create", "pods")
            if REQUIRES in annotations(write.body)
        ]
        return [write for write in created if requirement in (None, annotations(write.body)[REQUIRES])]

    def gated_pods_bound(self):
        """Every pod that ever got a node; no other can have started."""
        bound = self.audit.writes(NAMESPACE, 0, verb="create", resource="pods/binding")
        return {write.name for write in bound if is_gated(write.name)}

    def starts(self):
        return cluster.query("SELECT pod, requires, schema FROM starts ORDER BY at")

    def releases_by_operator(self, since):
        """Writes of the operator that took a hold back."""
        return [
            write
            for write in self.audit.writes(NAMESPACE, since, OPERATOR, "patch")
            if write.resource in ("deployments", "jobs")
            and any(path in str(write.body) for path in ("'/spec/paused'", "'/spec/suspend'"))
        ]

    # Checks that several steps share.

    def check_no_pod_of(self, requirement):
        created = self.gated_pods_created(requirement)
        self.report.check(not created, f"no pod that requires {requirement} was created", f"{len(created)} were")

    def check_held_all(self, *names):
        """`names`: Jobs that are held, besides the Deployment."""
        things = [self.deployment(), *(self.job(name) for name in names)]
        not_held = [each["metadata"]["name"] for each in things if not is_held(each)]
        self.report.check(not not_held, f"held: Deployment web, Job {', '.join(names)}", f"not held: {not_held}")

    def check_starts(self):
        """The proof: what every gated pod that ever started saw, by its own words."""
        bound, starts, seen = set(), [], set()

        def all_have_begun():
            # The CronJob makes pods at any time: what has a node is about to start.
            nonlocal bound, starts, seen
            bound, starts = self.gated_pods_bound(), self.starts()
            seen = {pod for pod, _, _ in starts}
            return bound <= seen

        with contextlib.suppress(StoryFailed):  # the second check says which
            wait_for("every gated pod with a node to start", all_have_begun, STARTS_WITHIN_SECONDS)
        early = [start for start in starts if start[2].split("_")[0] < start[1].split("@")[1]]
        self.report.check(bool(starts) and not early, f"each of {len(starts)} starts saw what it requires", f"too early: {early}")
        self.report.check(
            bound == seen,
            f"these are all: {len(bound)} gated pods were ever given to the kubelet, says the audit log",
            f"without a row: {bound - seen}; unknown to the audit log: {seen - bound}",
        )
        marked = [write for write in self.gated_pods_created() if HOLD in annotations(write.body)]
        self.report.check(not marked, "and none was made from a held template", f"{len(marked)} were")

    def check_jobs_undisturbed(self):
        """A Job with a pod has begun: from then on nobody may suspend it, delete it or take its pods."""
        begun = {}
        for write in self.audit.writes(NAMESPACE, 0, JOB_CONTROLLER, "create", "pods"):
            if is_gated(write.owner()):
                begun.setdefault(write.owner(), write.received)
        disturbing = [
            write
            for resource in ("jobs", "jobs/status")
            for write in self.audit.writes(NAMESPACE, 0, resource=resource)
            if write.received > begun.get(write.name, float("inf")) and (write.verb == "delete" or suspends(write.body))
        ]
        taken = [write for write in self.audit.writes(NAMESPACE, 0, JOB_CONTROLLER, "delete", "pods") if is_gated(write.name)]
        self.report.check(
            len(begun) > 0 and not disturbing and not taken,
            f"none of {len(begun)} Jobs that had begun was suspended, deleted or lost a pod to its controller",
            f"{[str(write) for write in disturbing + taken]}",
        )
