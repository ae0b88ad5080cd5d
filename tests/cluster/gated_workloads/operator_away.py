"""The second half: the operator is away all the time, until the last step brings it back."""

import json
import time

import cluster
import tidegate
from audit import OPERATOR
from cluster import NAMESPACE, kubectl, wait_for
from report import StoryFailed

import manifests
from gate_world import is_held
from manifests import requirement
from with_operator import PATIENCE_SECONDS, STAYS_SECONDS, release, serving

# Of each verb: enough to see a failure that is not an accident, and a matter of seconds.
UNRELATED = 50
# A CronJob's Jobs come at the full minute.
ONE_JOB_SECONDS = 90
LABEL = "app.kubernetes.io/part-of=plain"


class Attempts:
    """Requests that have nothing to do with Tidegate, and those of them that failed."""

    def __init__(self):
        self.count = 0
        self.failures = []

    def all_of(self, what, things, *arguments):
        """One command for all of them, which says a line for each that was done."""
        self.count += len(things)
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": things})
        try:
            done = kubectl(*arguments, "--filename=-", stdin=listed).splitlines()
            if len(done) != len(things):
                self.failures.append(f"{what}: {len(done)} of {len(things)}")
        except StoryFailed as failure:
            self.failures.append(f"{what}: {failure}")


def plain(kind, number, image="registry.example.com/orders:1.0.0"):
    """No pods: there are enough of them in the other steps."""
    labels = dict([LABEL.split("=")])
    pod = {"containers": [{"name": "plain", "image": image}]}
    thing = {"metadata": {"name": f"plain-{number}", "labels": labels}}
    if kind == "Deployment":
        template = {"metadata": {"labels": {"app": f"plain-{number}"}}, "spec": pod}
        spec = {"replicas": 0, "selector": {"matchLabels": template["metadata"]["labels"]}, "template": template}
        return {"apiVersion": "apps/v1", "kind": kind, **thing, "spec": spec}
    if kind == "ConfigMap":
        return {"apiVersion": "v1", "kind": kind, **thing, "data": {"image": image}}
    template = {"spec": {**pod, "restartPolicy": "Never"}}
    spec = {"suspend": True, "template": template}
    if kind == "Job":
        return {"apiVersion": "batch/v1", "kind": kind, **thing, "spec": spec}
    return {"apiVersion": "batch/v1", "kind": kind, **thing, "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": spec}}}


def play_unrelated():
    attempts = Attempts()
    for kind in ("Deployment", "Job", "CronJob", "ConfigMap"):
        things = [plain(kind, number) for number in range(UNRELATED)]
        attempts.all_of(f"create {kind}", things, "create")
        if kind == "Job":
            # A Job's template cannot be changed.
            attempts.all_of(f"update {kind}", things, "patch", "--type=merge", "--patch", '{"spec":{"parallelism":2}}')
        else:
            changed = [plain(kind, number, "registry.example.com/orders:2.0.0") for number in range(UNRELATED)]
            attempts.all_of(f"update {kind}", changed, "apply", "--server-side", "--force-conflicts")
        if kind == "Deployment":
            attempts.all_of(f"scale {kind}", things, "scale", "--replicas=0")
            attempts.all_of(f"restart {kind}", things, "rollout", "restart")
        attempts.all_of(f"delete {kind}", things, "delete", "--wait=false")
    return attempts


def satisfied(world):
    report = world.report
    report.step(
        "The operator goes away: what is satisfied, and what is unrelated",
        "Rollouts, rollbacks, scaling, Jobs, a CronJob's Jobs; and hundreds of objects that have never heard of Tidegate.",
    )
    tidegate.send_away(report)
    since = time.time()
    attempts = play_unrelated()
    report.check(
        not attempts.failures,
        f"unrelated: 0 of {attempts.count} creates, updates, scales, restarts and deletes failed",
        f"{attempts.failures}",
    )
    manifests.apply(manifests.job("report-satisfied", 2))
    for what, number, action in (
        ("a restart", 2, lambda: kubectl("rollout", "restart", "deployment/web")),
        ("scaling to 3", 2, lambda: kubectl("scale", "deployment/web", "--replicas=3")),
        ("scaling to 2", 2, lambda: kubectl("scale", "deployment/web", "--replicas=2")),
        ("a rollback", 1, lambda: manifests.apply(manifests.deployment(1))),
        ("a rollout", 2, lambda: manifests.apply(manifests.deployment(2))),
    ):
        action()
        held = cluster.is_held(world.deployment())
        world.wait_rolled_out(manifests.IMAGES[number], PATIENCE_SECONDS)
        report.check(not held, f"{what} of the Deployment goes through at once")
    wait_for("Job report-satisfied to succeed", lambda: world.has_succeeded("report-satisfied"), PATIENCE_SECONDS)
    report.check(True, "a satisfied Job ran")
    made = wait_for("a Job of the CronJob", lambda: world.made_by("nightly", since, requirement(2)), ONE_JOB_SECONDS)
    wait_for(f"Job {made[0]} to succeed", lambda: world.has_succeeded(made[0]), PATIENCE_SECONDS)
    report.check(True, f"a satisfied Job of the CronJob ran: {made[0]}")
    world.check_no_failed_request(since, "meanwhile")
    return since


def unsatisfied(world, since):
    report = world.report
    report.step("Still without the operator: release 3", "It needs a migration, and nobody is there to run it: it is held.")
    begin = time.time()
    manifests.apply(
        manifests.deployment(3), manifests.job("report-3", 3), manifests.cron_job("nightly", 3), *manifests.schema_objects(3)
    )
    world.check_held_all("report-3")
    made = wait_for("a Job of the CronJob", lambda: world.made_by("nightly", begin, requirement(3)), ONE_JOB_SECONDS)
    report.check(is_held(world.job(made[0])), f"the CronJob's Job is held: {made[0]}")
    kubectl("scale", "deployment/web", "--replicas=3")
    wait_for("3 pods that serve", lambda: serving(world, 3), PATIENCE_SECONDS, lambda: kubectl("get", "pods", "--output=wide"))
    kubectl("scale", "deployment/web", "--replicas=2")
    time.sleep(STAYS_SECONDS)
    world.check_held_all("report-3", made[0])
    world.check_no_pod_of(requirement(3))
    report.check(not world.audit.writes(NAMESPACE, since, OPERATOR), "the operator wrote nothing: it was not there")
    world.check_no_failed_request(begin, "meanwhile")


def back(world):
    report = world.report
    report.step("The operator is back", "It runs the Migration, and releases what is held.")
    since = time.time()
    tidegate.bring_back(report)
    release(world, 3, since)
    world.check_no_failed_request(since, "meanwhile")


def everything(world):
    report = world.report
    report.step("All of it once more", "Every gated pod that ever started; every request; every Job that ever began.")
    world.check_starts()
    for requires, count in cluster.query("SELECT requires, count(*) FROM starts GROUP BY 1 ORDER BY 1"):
        by_schema = cluster.query(f"SELECT schema, count(*) FROM starts WHERE requires = '{requires}' GROUP BY 1 ORDER BY 1")
        report.say(f"{count} pods required {requires} and saw " + ", ".join(f"{schema} ({times})" for schema, times in by_schema))
    world.check_jobs_undisturbed()
    (pod,) = cluster.get_list("pods", "--selector=batch.kubernetes.io/job-name=importer")
    restarts = sum(status["restartCount"] for status in pod["status"]["containerStatuses"])
    runs = pod["status"]["phase"] == "Running" and restarts == 0
    report.check(runs, "the Job importer has run from the first release on, in one pod")
    world.check_no_failed_request(0, "from the first release to the end")
