"""The API server's own audit log: who wrote what, and when, to the microsecond."""

import datetime
import json
import os

WRITES = ("create", "update", "patch", "delete", "deletecollection")

OPERATOR = "system:serviceaccount:tidegate-system:tidegate"
JOB_CONTROLLER = "system:serviceaccount:kube-system:job-controller"
REPLICA_SET_CONTROLLER = "system:serviceaccount:kube-system:replicaset-controller"


def parse_time(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Write:
    """One accepted write. Dry runs and refused requests are not in here."""

    def __init__(self, event):
        reference = event.get("objectRef", {})
        self.user = event["user"]["username"]
        self.verb = event["verb"]
        self.resource = "/".join(filter(None, [reference.get("resource"), reference.get("subresource")]))
        self.namespace = reference.get("namespace", "")
        self.name = reference.get("name", "")
        self.body = event.get("requestObject") or {}
        self.received = parse_time(event["requestReceivedTimestamp"])
        self.answered = parse_time(event["stageTimestamp"])

    def __str__(self):
        return f"{self.verb} {self.resource} {self.name}"

    def owner(self):
        """The name of the object that a created object belongs to; empty if to none."""
        return self._owner().get("name", "")

    def owner_uid(self):
        return self._owner().get("uid", "")

    def _owner(self):
        if not isinstance(self.body, dict):
            return {}
        owners = self.body.get("metadata", {}).get("ownerReferences", [])
        return owners[0] if owners else {}


class Audit:
    def __init__(self, path=None):
        self._path = path or os.environ["TIDEGATE_AUDIT_LOG"]
        self._offset = 0
        self._rest = b""
        self._writes = []

    def writes(self, namespace, since=0.0, user=None, verb=None, resource=None):
        self._read()
        return [
            write
            for write in self._writes
            if write.namespace == namespace
            and write.received >= since
            and (user is None or write.user == user)
            and (verb is None or write.verb == verb)
            and (resource is None or write.resource == resource)
        ]

    def _read(self):
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            content = self._rest + file.read()
            self._offset = file.tell()
        # The last line may still be in the making.
        *lines, self._rest = content.split(b"\n")
        for line in lines:
            # Most of the log are reads; parsing JSON is the expensive part.
            if any(f'"verb":"{verb}"'.encode() in line for verb in WRITES):
                self._add(json.loads(line))

    def _add(self, event):
        accepted = 200 <= event.get("responseStatus", {}).get("code", 0) < 300
        if event["stage"] == "ResponseComplete" and accepted and "dryRun=" not in event["requestURI"]:
            self._writes.append(Write(event))
