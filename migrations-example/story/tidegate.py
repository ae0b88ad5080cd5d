"""The operator's own Deployment: sending it away and back, and its figures."""

import json
import os
import pathlib

import audit
import cluster
from cluster import kubectl, wait_for
from report import StoryFailed

NAMESPACE = "tidegate-system"
DEPLOYMENT = "deployment/tidegate"
SELECTOR = "--selector=app.kubernetes.io/name=tidegate"


def pods():
    return cluster.get_list("pods", SELECTOR, namespace=NAMESPACE)


def send_away(report):
    report.command(f"kubectl -n {NAMESPACE} scale {DEPLOYMENT} --replicas=0")
    kubectl("scale", DEPLOYMENT, "--replicas=0", namespace=NAMESPACE)
    wait_for("the operator's pod to be gone", lambda: not pods())


def bring_back(report):
    report.command(f"kubectl -n {NAMESPACE} scale {DEPLOYMENT} --replicas=1")
    kubectl("scale", DEPLOYMENT, "--replicas=1", namespace=NAMESPACE)
    wait_for(
        "the operator to be ready",
        lambda: cluster.rolled_out(cluster.get("deployments.apps", "tidegate", namespace=NAMESPACE)),
    )


def log_time(message):
    """When the operator that is running now logged this."""
    lines = (json.loads(line) for line in kubectl("logs", DEPLOYMENT, namespace=NAMESPACE).splitlines())
    return next(audit.parse_time(line["time"]) for line in lines if line["message"] == message)


def process():
    """The operator's process, as the node sees it: every pod of the embedded cluster runs on this machine."""
    (pod,) = pods()
    uid = pod["metadata"]["uid"]
    for folder in pathlib.Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and uid in (folder / "cgroup").read_text() and os.readlink(folder / "exe") == "/tidegate":
                return folder
        except OSError:  # the process ended meanwhile
            continue
    raise StoryFailed(f"no process /tidegate of pod {pod['metadata']['name']} on this machine")


def memory_mebibytes():
    """VmRSS and RssAnon of the operator's process."""
    lines = dict(line.split(":", 1) for line in (process() / "status").read_text().splitlines())
    return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))
