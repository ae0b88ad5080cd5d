"""kubectl, as the story uses it: commands that the reader could type, and waiting for what has to become true."""

import json
import pathlib
import subprocess
import time

from report import StoryFailed

EXAMPLE = pathlib.Path(__file__).resolve().parent.parent
NAMESPACE = "shop"
# One command asks an API server on the same machine; a minute means that it is gone.
COMMAND_TIMEOUT_SECONDS = 60
# Fine enough for steps that take seconds, and no load to speak of.
POLL_SECONDS = 0.3


def kubectl(*arguments, namespace=NAMESPACE, stdin=None):
    """Standard output of kubectl; StoryFailed with its error message if it fails."""
    command = ["kubectl", "--namespace", namespace, *arguments]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise StoryFailed(f"'{' '.join(command)}' did not end within {COMMAND_TIMEOUT_SECONDS} s") from error
    if done.returncode:
        raise StoryFailed(f"'{' '.join(command)}' failed: {done.stderr.strip()}")
    return done.stdout


def get(kind, name, namespace=NAMESPACE):
    return json.loads(kubectl("get", kind, name, "--output", "json", namespace=namespace))


def get_list(kind, *arguments, namespace=NAMESPACE):
    return json.loads(kubectl("get", kind, *arguments, "--output", "json", namespace=namespace))["items"]


def wait_for(what, predicate, timeout=60, describe=None):
    """The predicate's first true value. StoryFailed, with describe()'s text, when the time is over."""
    end = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            found = f"; instead: {describe()}" if describe else ""
            raise StoryFailed(f"waited {timeout} s in vain for {what}{found}")
        time.sleep(POLL_SECONDS)


def condition(thing, type_):
    """The condition of that type, or an empty one."""
    conditions = thing.get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == type_), {})


def is_current(thing):
    return thing.get("status", {}).get("observedGeneration") == thing["metadata"]["generation"]


def rolled_out(deployment):
    """Every pod is of the newest template and available, and none is left of an older one."""
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    return (
        is_current(deployment)
        and not deployment["spec"].get("paused")
        and status.get("updatedReplicas", 0) == status.get("availableReplicas", 0) == status.get("replicas", 0) == wanted
    )


def is_held(deployment):
    return (
        deployment["metadata"].get("labels", {}).get("tidegate.io/gate") == "held"
        and deployment["spec"].get("paused", False)
    )


def image(deployment):
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"]


def apply(report, file, *arguments):
    path = EXAMPLE / "manifests" / file
    report.command(" ".join(["kubectl apply -f", f"manifests/{file}", *arguments]))
    report.show(kubectl("apply", "--filename", str(path), *arguments))


def query(sql):
    """Rows of the example's database, each a list of texts."""
    rows = kubectl(
        "exec", "orders-db-0", "--", "psql", "--host=/tmp", "--username=postgres", "--dbname=orders",
        "--no-align", "--tuples-only", "--field-separator=\t", "--command", sql,
    )  # fmt: skip
    return [line.split("\t") for line in rows.splitlines()]
