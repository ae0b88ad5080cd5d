"""One image, written in one place: what happens to the Deployment, its Migration and the database when it is bumped, and bumped, and taken back."""

import pathlib
import re
import sys
import time

import cluster
import releases
from cluster import EXAMPLE, kubectl, wait_for
from report import StoryFailed
from world import World

IMAGE = "registry.example.com/orders:"
# A migration and a rollout; minutes on a machine that others use, too.
PATIENCE_SECONDS = 300
# With what is there already a backfill of more than ten seconds: time to bump once more in the middle.
MORE_ROWS = 400_000


def manifest():
    """The example's first release; version and image stand in the Deployment alone."""
    text = (EXAMPLE / "manifests/v1.yaml").read_text()
    text, versions = re.subn(r'  version: "0001"\n  image: \S+\n', "  imageFrom: {deployment: {name: orders}}\n", text)
    text, requirements = re.subn(r"requires: orders@\d+", "requires: orders@image", text)
    assert (versions, requirements) == (1, 1), "manifests/v1.yaml is not what it was"
    return text


def bump(world, release):
    command = ["set", "image", "deployment/orders", f"orders={IMAGE}{release}"]
    world.report.command(" ".join(["kubectl", *command]))
    kubectl(*command)


def ledger():
    return cluster.get("ledgers.tidegate.io", "tidegate")["satisfied"]


def jobs_by_image(world, since):
    return [job.body["spec"]["template"]["spec"]["containers"][0]["image"] for job in world.jobs_created(since)]


def images_of_pods(world, since):
    """The releases whose pods were created since then, each once."""
    created = world.service_pods_created(since)
    return sorted({pod.body["spec"]["containers"][0]["image"].removeprefix(IMAGE) for pod in created})


def is_open(release):
    deployment = cluster.get("deployments.apps", "orders")
    return cluster.image(deployment) == IMAGE + release and not deployment["spec"].get("paused", False)


def first(world):
    report = world.report
    report.step("Deployed for the first time", "Everything in one apply. The Deployment's own image migrates.")
    since = time.time()
    kubectl("apply", "--filename=-", stdin=manifest())
    world.check_held()
    world.wait_rolled_out(IMAGE + "1.0.0", PATIENCE_SECONDS)
    proven, pods = world.proven(since), world.service_pods_created(since)
    report.check(pods and all(pod.received > proven.received for pod in pods), "no pod came before its image's migration")
    report.check(jobs_by_image(world, since) == [IMAGE + "1.0.0"], "one Job, with the Deployment's image")


def one_bump(world):
    report = world.report
    report.step("One image is bumped", "Held, migrated, rolled out: from one request.")
    since = time.time()
    bump(world, "2.0.0")
    world.check_held()
    world.wait_rolled_out(IMAGE + "2.0.0", PATIENCE_SECONDS)
    report.check(jobs_by_image(world, since) == [IMAGE + "2.0.0"], "one Job, with the new image")
    proven, pods = world.proven(since), world.service_pods_created(since)
    report.check(pods and all(pod.received > proven.received for pod in pods), "no pod of it came before its migration")
    entry = world.migration()["status"]["history"][0]
    report.check(
        entry["image"] == IMAGE + "2.0.0" and re.search(r"sha256:[0-9a-f]{64}$", entry.get("imageID", "")),
        f"the build that ran is on the Migration: {entry.get('imageID')}",
    )
    record = cluster.get("databases.tidegate.io", "orders")["status"]["runs"][0]
    report.check(record.get("imageID") == entry.get("imageID"), "and in the record")
    report.check(record.get("versionAfter", "").startswith("0002"), f"with what it brought: {record.get('versionAfter')}")
    world.check_no_failed_request(since, "from the bump to the end of the rollout")


def second_bump_in_the_middle(world):
    report = world.report
    report.step("Bumped again while the migration runs", "What runs goes on; the rollout waits for the second image.")
    cluster.query(
        "INSERT INTO orders (customer, item, quantity)"
        f" SELECT 'customer' || n % 1000, 'tea', 1 FROM generate_series(1, {MORE_ROWS}) AS n"
    )
    since = time.time()
    bump(world, "3.0.1")
    wait_for("the migration's start", lambda: len(world.runs()) == 3, PATIENCE_SECONDS, lambda: kubectl("describe", "pods"))
    bump(world, "3.0.2")
    report.check(world.runs()[-1][2] == "f", "the first one's migration was still running")
    world.check_held()
    wait_for("the first one's record", lambda: f"orders@image={IMAGE}3.0.1" in ledger(), PATIENCE_SECONDS)
    world.wait_rolled_out(IMAGE + "3.0.2", PATIENCE_SECONDS)
    report.check(
        jobs_by_image(world, since) == [IMAGE + "3.0.1", IMAGE + "3.0.2"], "both images ran, once each, one after the other"
    )
    report.check(images_of_pods(world, since) == ["3.0.2"], "no pod of the first one ever came", f"{images_of_pods(world, since)}")
    world.check_runs([True] * 4, "the database saw four runs, each ended well")
    world.check_no_failed_request(since, "from the first bump to the end of the rollout")


def back_without_the_operator(world):
    report = world.report
    report.step("Back, without the operator", "Images that ran open within the request; one that did not is held.")
    kubectl("scale", "deployment/tidegate", "--replicas=0", namespace="tidegate-system")
    wait_for("the operator to be gone", lambda: not cluster.get_list("pods", namespace="tidegate-system"))
    since = time.time()
    bump(world, "2.0.0")
    report.check(is_open("2.0.0"), "the release before the last opens in the same request")
    world.wait_rolled_out(IMAGE + "2.0.0", PATIENCE_SECONDS)
    bump(world, "9.9.9")
    world.check_held()
    bump(world, "3.0.1")
    report.check(is_open("3.0.1"), "and so does one that was migrated and never rolled out")
    world.wait_rolled_out(IMAGE + "3.0.1", PATIENCE_SECONDS)
    report.check(images_of_pods(world, since) == ["2.0.0", "3.0.1"], "and nothing else got a pod")
    kubectl("scale", "deployment/tidegate", "--replicas=1", namespace="tidegate-system")
    kubectl("rollout", "status", "deployment/tidegate", "--timeout=50s", namespace="tidegate-system")
    kubectl("wait", "migrations.tidegate.io/orders", "--for=condition=Ready", "--timeout=50s")
    report.check(not world.jobs_created(since), "nothing ran, and nothing does when the operator is back")
    world.check_runs([True] * 4, "the database saw the same four runs")
    world.check_no_failed_request(since, "meanwhile")


def play(world):
    releases.database(world)
    first(world)
    releases.begin_load(world)
    one_bump(world)
    second_bump_in_the_middle(world)
    back_without_the_operator(world)
    world.check_no_failed_request(0, "in all")


def main():
    world = World()
    try:
        play(world)
        completed = True
    except StoryFailed as failure:
        completed = False
        world.report.check(False, str(failure))
    world.report.end_step()
    world.report.summary()
    pathlib.Path(sys.argv[1]).write_text(world.report.counts() + "\n", encoding="utf-8")
    return 0 if completed and not world.report.wrong() else 1


if __name__ == "__main__":
    sys.exit(main())
