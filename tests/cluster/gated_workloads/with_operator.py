"""The first half: everything that is gated, held and released, while the service is asked without a pause."""

import time

import cluster
from audit import OPERATOR
from cluster import NAMESPACE, kubectl, wait_for

import manifests
from gate_world import AUTOSCALER, annotations
from manifests import requirement

# A controller that is not held back acts within this time.
STAYS_SECONDS = 5
# What takes seconds when all is well, or two minutes of a CronJob; a machine that does other things, too, may need longer.
PATIENCE_SECONDS = 180


def first_release(world):
    report = world.report
    report.step(
        "Release 1: Database, Migration, Deployment, Jobs and CronJob in one apply",
        "Whatever comes first, nothing may start before its schema is there.",
    )
    cluster.query(manifests.WITNESS_TABLE)
    manifests.make_witness()
    since = time.time()
    manifests.apply(
        manifests.deployment(1), manifests.job("report-1", 1), manifests.job("importer", 1, "infinity"),
        manifests.job("crawler", 1, "infinity"), manifests.cron_job("nightly", 1), manifests.service(),
        *manifests.schema_objects(1),
    )  # fmt: skip
    world.check_held_all("report-1", "importer", "crawler")
    kubectl("scale", "deployment/web", "--replicas=2")
    world.wait_rolled_out(manifests.IMAGES[1], 2 * PATIENCE_SECONDS)
    wait_for("Job report-1 to succeed", lambda: world.has_succeeded("report-1"), PATIENCE_SECONDS)
    for name in ("importer", "crawler"):
        wait_for(f"Job {name} to run", lambda name=name: pods_of_job(name, "Running"), PATIENCE_SECONDS)
    early = [write for write in world.gated_pods_created() if write.received < world.proven(since).received]
    report.check(not early, "no pod of any of them was created before the schema was proven", f"{len(early)} were")
    world.check_starts()


def pods_of_job(name, phase):
    pods = cluster.get_list("pods", f"--selector=batch.kubernetes.io/job-name={name}")
    return [pod for pod in pods if pod["status"]["phase"] == phase and "deletionTimestamp" not in pod["metadata"]]


def hold(world):
    """Release 2 without its Migration: nothing releases it by itself."""
    report = world.report
    report.step(
        "Release 2, but not its Migration: everything new is held",
        "What runs goes on; pods that are lost come back as they were; an autoscaler and a CronJob do their work.",
    )
    since = time.time()
    manifests.apply(manifests.deployment(2), manifests.job("report-2", 2), manifests.cron_job("nightly", 2))
    world.check_held_all("report-2")
    lose_pods(world)
    autoscale(world)
    supersede(world, since)
    world.check_held_all("report-2")
    world.check_no_pod_of(requirement(2))
    world.check_no_failed_request(since, "while everything is held")


def lose_pods(world):
    report = world.report
    (lost, *_) = [pod["metadata"]["name"] for pod in world.service_pods()]
    report.command(f"kubectl delete pod {lost}")
    kubectl("delete", "pod", lost)
    wait_for("two pods that serve", lambda: serving(world, 2), PATIENCE_SECONDS, lambda: kubectl("get", "pods", "--output=wide"))
    check_templates(world, "a pod of the held Deployment that is lost comes back with the template that runs")

    (lost,) = [pod["metadata"]["name"] for pod in pods_of_job("crawler", "Running")]
    report.command(f"kubectl delete pod {lost}")
    kubectl("delete", "pod", lost)
    again = wait_for("a new pod of Job crawler", lambda: pods_of_job("crawler", "Running"), PATIENCE_SECONDS)
    suspended = world.job("crawler")["spec"].get("suspend", False)
    report.check(
        again[0]["metadata"]["name"] != lost and not suspended,
        "a pod of a running Job that is lost comes back too: the Job is not held again",
        f"{again[0]['metadata']['name']}, suspend: {suspended}",
    )


def serving(world, count):
    """So many pods, and all of them ready."""
    pods = world.service_pods()
    ready = [pod for pod in pods if cluster.condition(pod, "Ready").get("status") == "True"]
    return len(pods) == len(ready) == count


def check_templates(world, what):
    found = {annotations(pod).get("tidegate.io/requires") for pod in world.service_pods()}
    world.report.check(found == {requirement(1)}, what, f"pods require {found}")


def autoscale(world):
    report = world.report
    since = time.time()
    for limits, replicas in (((3, 4), 3), ((1, 2), 2)):
        report.command(f"kubectl apply -f -   # HorizontalPodAutoscaler web, {limits[0]} to {limits[1]} replicas")
        manifests.apply(manifests.autoscaler(*limits))
        wait_for(
            f"{replicas} pods that serve", lambda replicas=replicas: serving(world, replicas), PATIENCE_SECONDS,
            lambda: kubectl("describe", "horizontalpodautoscaler/web"),
        )  # fmt: skip
        check_templates(world, f"the autoscaler scales the held Deployment to {replicas}, with the template that runs")
    scaled = world.audit.writes(NAMESPACE, since, AUTOSCALER, resource="deployments/scale")
    report.check(len(scaled) == 2, "it was the autoscaler's own controller", f"{len(scaled)} requests of its")
    kubectl("delete", "horizontalpodautoscaler/web")


def supersede(world, since):
    def newest_alone():
        made = world.made_by("nightly", since, requirement(2))
        return len(made) > 1 and world.held_jobs_of("nightly") == made[-1:] and made

    made = wait_for(
        "the newest of two Jobs of the CronJob to be left", newest_alone, PATIENCE_SECONDS,
        lambda: f"{world.made_by('nightly', since, requirement(2))}, held: {world.held_jobs_of('nightly')}",
    )  # fmt: skip
    world.report.check(True, f"of {len(made)} held Jobs of the CronJob the newest is left: {made[-1]}")
    deleted = {write.name for write in world.audit.writes(NAMESPACE, since, OPERATOR, "delete", "jobs")}
    world.report.check(set(made[:-1]) <= deleted, "the operator deleted the older ones", f"deleted: {deleted}")


def release(world, number, since):
    """What is held for that release, by the Migration; returns when the last of it was released."""
    report = world.report
    wait_for(
        "the Migration to be Ready",
        lambda: cluster.is_current(world.migration())
        and cluster.condition(world.migration(), "Ready").get("status") == "True",
        2 * PATIENCE_SECONDS,
        lambda: kubectl("describe", "migrations.tidegate.io"),
    )
    world.wait_rolled_out(manifests.IMAGES[number], PATIENCE_SECONDS)
    wait_for(f"Job report-{number} to succeed", lambda: world.has_succeeded(f"report-{number}"), PATIENCE_SECONDS)
    wait_for("no Job of the CronJob to be held", lambda: not world.held_jobs_of("nightly"), PATIENCE_SECONDS)
    proven, released = world.proven(since), world.releases_by_operator(since)
    early = [str(write) for write in released if write.received < proven.received]
    kinds = sorted(write.name.rsplit("-", 1)[0] for write in released)
    report.check(
        not early and kinds == ["nightly", "report", "web"],
        f"all 3 were released, once each and not before it was proven: {', '.join(write.name for write in released)}",
        f"released: {[str(write) for write in released]}, early: {early}",
    )
    late = max(write.received for write in released) - proven.answered
    report.say(f"the last of them {late * 1000:.0f} ms after the Migration was Ready")


def second_release(world):
    world.report.step("The Migration of release 2", "One proof releases a Deployment, a Job and a CronJob's Job.")
    since = time.time()
    manifests.apply(*manifests.schema_objects(2))
    release(world, 2, since)
    world.check_starts()
    world.check_no_failed_request(since, "meanwhile")


def roll_back(world):
    report = world.report
    report.step("Back to release 1, and forth again", "Both are satisfied: nothing is held, nothing is migrated.")
    since = time.time()
    for number in (1, 2):
        manifests.apply(manifests.deployment(number))
        report.check(not cluster.is_held(world.deployment()), f"release {number} is not held")
        world.wait_rolled_out(manifests.IMAGES[number], PATIENCE_SECONDS)
    report.check(not world.jobs_created(since), "no migration ran")
    world.check_starts()
    world.check_no_failed_request(since, "meanwhile")
