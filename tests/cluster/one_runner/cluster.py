"""The API server, asked directly: a hundred questions a second, which would be a hundred kubectl processes."""

import base64
import http.client
import json
import os
import pathlib
import re
import ssl
import subprocess
import tempfile
import threading
import time

EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / "migrations-example"
DATABASE_NAMESPACE = "databases"
MIGRATION_IMAGE = "registry.example.com/orders:1.0.0"
POLL_SECONDS = 0.5
GROUP = "/apis/tidegate.io/v1alpha1"

PATHS = {
    "namespaces": "/api/v1",
    "pods": "/api/v1",
    "secrets": "/api/v1",
    "events": "/api/v1",
    "resourcequotas": "/api/v1",
    "jobs": "/apis/batch/v1",
    "databases": GROUP,
    "migrations": GROUP,
}


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status


class Failed(Exception):
    """What a test did not find as it should be, in words."""


class Cluster:
    """One connection for each thread."""

    def __init__(self):
        text = pathlib.Path(os.environ["KUBECONFIG"]).read_text()
        self._host = re.search(r"server: https://(\S+)", text).group(1)
        self._context = ssl.create_default_context(cadata=self._read(text, "certificate-authority").decode())
        with tempfile.NamedTemporaryFile() as certificate, tempfile.NamedTemporaryFile() as key:
            certificate.write(self._read(text, "client-certificate"))
            key.write(self._read(text, "client-key"))
            certificate.flush()
            key.flush()
            self._context.load_cert_chain(certificate.name, key.name)
        self._threads = threading.local()

    @staticmethod
    def _read(text, field):
        inline = re.search(rf"{field}-data: (\S+)", text)
        if inline:
            return base64.b64decode(inline.group(1))
        return pathlib.Path(re.search(rf"{field}: (\S+)", text).group(1)).read_bytes()

    def request(self, verb, path, body=None, content="application/json"):
        data = json.dumps(body) if body is not None else None
        for last in (False, True):
            connection = getattr(self._threads, "connection", None)
            if connection is None:
                connection = http.client.HTTPSConnection(self._host, context=self._context, timeout=30)
                self._threads.connection = connection
            try:
                connection.request(verb, path, data, {"Content-Type": content})
                answer = connection.getresponse()
                value = json.loads(answer.read())
                break
            except (OSError, http.client.HTTPException):
                # An idle connection was closed; nothing here is harmed by being asked twice.
                connection.close()
                self._threads.connection = None
                if last:
                    raise
        if answer.status >= 300:
            raise Refused(answer.status, value.get("message", value))
        return value

    def path(self, kind, namespace, name=""):
        if kind == "namespaces":
            return f"{PATHS[kind]}/namespaces/{name}".rstrip("/")
        return f"{PATHS[kind]}/namespaces/{namespace}/{kind}/{name}".rstrip("/")

    def get(self, kind, namespace, name):
        """None if it is not there."""
        try:
            return self.request("GET", self.path(kind, namespace, name))
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def list(self, kind, namespace, selector=""):
        query = "?labelSelector=" + selector.replace("=", "%3D").replace("/", "%2F") if selector else ""
        return self.request("GET", self.path(kind, namespace) + query)["items"]

    def create(self, kind, namespace, thing):
        return self.request("POST", self.path(kind, namespace), thing)

    def patch(self, kind, namespace, name, change):
        return self.request("PATCH", self.path(kind, namespace, name), change, "application/merge-patch+json")

    def delete(self, kind, namespace, name, **options):
        """False if it is not there."""
        try:
            self.request("DELETE", self.path(kind, namespace, name), options or None)
        except Refused as refused:
            if refused.status == 404:
                return False
            raise
        return True

    def pods_of(self, namespace, job):
        return self.list("pods", namespace, f"batch.kubernetes.io/job-name={job}")


def wait_for(what, predicate, timeout, describe=None):
    """The predicate's first true value; Failed with describe()'s text when the time is over."""
    end = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"waited {timeout} s in vain for {what}" + (f"; instead: {describe()}" if describe else ""))
        time.sleep(POLL_SECONDS)


def condition(thing, type_="Ready"):
    conditions = (thing or {}).get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == type_), {})


def shown(thing):
    """Every condition with its reason and message, for people."""
    conditions = (thing or {}).get("status", {}).get("conditions", [])
    return "; ".join(f"{each['type']}={each['status']} {each['reason']}: {each['message']}" for each in conditions)


def container(pod, name):
    """Its status; an empty one while there is none."""
    status = (pod or {}).get("status", {})
    statuses = status.get("containerStatuses", []) + status.get("initContainerStatuses", [])
    return next((each for each in statuses if each["name"] == name), {})


def sql(database, statements):
    """Rows of one of the databases, each a list of texts. As the superuser, inside of PostgreSQL's pod."""
    done = subprocess.run(
        ["kubectl", "--namespace", DATABASE_NAMESPACE, "exec", "--stdin", "orders-db-0", "--", "psql", "--host=/tmp",
         "--username=postgres", f"--dbname={database}", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--no-align",
         "--tuples-only", "--field-separator=\t"],
        input=statements, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"psql in {database}: {done.stderr.strip()}")
    return [line.split("\t") for line in done.stdout.splitlines()]
