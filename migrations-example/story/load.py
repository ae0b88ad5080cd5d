"""The load on the Service, seen from outside: starts the pod that makes it, reads what that pod counted."""

import json
import pathlib

from cluster import kubectl, wait_for
from report import StoryFailed

SOURCE = pathlib.Path(__file__).with_name("load_generator.py")

POD = """
apiVersion: v1
kind: Pod
metadata: {name: load}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: load
    image: registry.example.com/orders:1.0.0
    command: [python3, /load/load_generator.py]
    securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
    volumeMounts: [{name: load, mountPath: /load}]
  volumes: [{name: load, configMap: {name: load}}]
"""


class Load:
    def start(self):
        kubectl("create", "configmap", "load", f"--from-file={SOURCE}")
        kubectl("create", "--filename", "-", stdin=POD)
        wait_for("the first requests of the pod 'load'", self._has_begun)

    def stop(self):
        kubectl("delete", "pod/load", "configmap/load")

    def totals(self):
        """The newest totals since the start of the load."""
        return [line for line in self._lines() if "sent" in line][-1]

    def failures(self, since):
        return [line["failure"] for line in self._lines() if "failure" in line and line["time"] >= since]

    def answered_between(self, begin, end):
        """Release -> number of requests that it answered in the whole seconds between the two times."""
        totals = [line for line in self._lines() if "sent" in line and begin <= line["time"] <= end]
        if len(totals) < 2:
            return {}
        first, last = totals[0]["by_release"], totals[-1]["by_release"]
        counts = {release: count - first.get(release, 0) for release, count in last.items()}
        return {release: count for release, count in counts.items() if count}

    def _has_begun(self):
        pod = json.loads(kubectl("get", "pod", "load", "--output=json"))
        return pod["status"]["phase"] != "Pending" and len(self._lines()) > 1

    def _lines(self):
        lines = kubectl("logs", "load").splitlines()
        try:
            return [json.loads(line) for line in lines]
        except json.JSONDecodeError as error:  # the program's own error message
            raise StoryFailed(f"the pod 'load' failed: {lines[-1]}") from error
