"""The gated objects, each in the releases of migrations-example; all of their pods begin with witness.py."""

import json
import pathlib

from cluster import EXAMPLE, kubectl

WITNESS = pathlib.Path(__file__).with_name("witness.py")
REGISTRY = "registry.example.com"
IMAGES = {1: f"{REGISTRY}/orders:1.0.0", 2: f"{REGISTRY}/orders:2.0.0", 3: f"{REGISTRY}/orders:3.0.1"}
FILES = {1: "v1.yaml", 2: "v2.yaml", 3: "v3-fixed.yaml"}
# A Job's work: long enough to be seen running.
WORK_SECONDS = 2

WITNESS_TABLE = """
CREATE TABLE starts (pod text NOT NULL, requires text NOT NULL, schema text NOT NULL, at timestamptz NOT NULL DEFAULT now());
GRANT INSERT ON starts TO orders
"""


def requirement(release):
    return f"orders@{release:04}"


def _of_example(release, kind):
    """The object of that kind in the example's manifest."""
    text = kubectl("create", "--dry-run=client", "--output=json", "--filename", str(EXAMPLE / "manifests" / FILES[release]))
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        thing, position = decoder.raw_decode(text, position)
        position += len(text[position:]) - len(text[position:].lstrip())
        for each in thing["items"] if thing["kind"] == "List" else [thing]:
            if each["kind"] == kind:
                return each
    raise KeyError(f"{FILES[release]} has no {kind}")


def schema_objects(release):
    """Database and Migration, as the example has them."""
    return [_of_example(release, "Database"), _of_example(release, "Migration")]


def service():
    return _of_example(1, "Service")


def _with_witness(pod, command):
    (container,) = pod["containers"]
    container["command"] = ["python3", "/witness/witness.py", *command]
    container.setdefault("env", []).append(
        {"name": "REQUIRES", "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['tidegate.io/requires']"}}}
    )
    container["volumeMounts"] = [{"name": "witness", "mountPath": "/witness"}]
    pod["volumes"] = [{"name": "witness", "configMap": {"name": "witness"}}]


def deployment(release):
    """The example's web service under another name: its migrations' pods begin with "orders-"."""
    thing = _of_example(release, "Deployment")
    thing["metadata"]["name"] = "web"
    # An autoscaler, and whoever scales by hand, owns the number of replicas.
    del thing["spec"]["replicas"]
    pod = thing["spec"]["template"]["spec"]
    _with_witness(pod, ["python3", "service.py"])
    # A machine that starves for seconds is no reason to send a pod no requests: with one of two pods lost, it may be the last.
    pod["containers"][0]["readinessProbe"].update({"timeoutSeconds": 5, "failureThreshold": 6})
    return thing


def _job_template(release, command):
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "work",
                "image": IMAGES[release],
                "env": [{"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "orders-db", "key": "uri"}}}],
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }
    _with_witness(pod, command)
    return {"metadata": {"annotations": {"tidegate.io/requires": requirement(release)}}, "spec": pod}


def job(name, release, seconds=WORK_SECONDS):
    """`seconds` may be "infinity"."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 6, "template": _job_template(release, ["sleep", str(seconds)])},
    }


def cron_job(name, release):
    """As often as a CronJob can run; the Jobs that ran are kept."""
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name},
        "spec": {
            "schedule": "* * * * *",
            "successfulJobsHistoryLimit": 100,
            "jobTemplate": {"spec": {"template": _job_template(release, ["sleep", str(WORK_SECONDS)])}},
        },
    }


def autoscaler(least, most):
    """Its limits alone: without a metrics server an autoscaler has nothing else to go by."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": least,
            "maxReplicas": most,
        },
    }


def apply(*things):
    kubectl("apply", "--filename=-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(things)}))


def make_witness():
    kubectl("create", "configmap", "witness", f"--from-file={WITNESS}")


