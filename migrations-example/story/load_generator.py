"""Runs in a pod: asks the orders service without a pause, like its users would, and counts what fails.

Half of the requests read, half write. Every second one JSON line with the totals since the start goes to standard output,
every failed request in a line of its own.
"""

import http.client
import json
import socket
import sys
import threading
import time

HOST = "orders"
REQUESTS_PER_SECOND = 20
# Several, so that one slow answer does not stop the others.
WORKERS = 5
# What users of a shop would call "it does not answer".
TIMEOUT_SECONDS = 5


class Totals:
    def __init__(self):
        self._lock = threading.Lock()
        self._values = {"sent": 0, "failed": 0, "slowest_ms": 0, "by_release": {}}

    def answered(self, release, milliseconds):
        with self._lock:
            self._values["sent"] += 1
            self._values["slowest_ms"] = max(self._values["slowest_ms"], round(milliseconds))
            by_release = self._values["by_release"]
            by_release[release] = by_release.get(release, 0) + 1

    def failed(self, what, reason):
        with self._lock:
            self._values["sent"] += 1
            self._values["failed"] += 1
            print(json.dumps({"time": time.time(), "failure": f"{what}: {reason}"}), flush=True)

    def show(self):
        with self._lock:
            print(json.dumps({"time": time.time(), **self._values}), flush=True)


def request(totals, method, body):
    started = time.monotonic()
    connection = http.client.HTTPConnection(HOST, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, "/orders?limit=5" if method == "GET" else "/orders", body)
        response = connection.getresponse()
        content = response.read()
        if response.status >= 400:
            totals.failed(method, f"{response.status} {content[:200]!r}")
        else:
            totals.answered(response.getheader("X-Orders-Release"), (time.monotonic() - started) * 1000)
    except (OSError, http.client.HTTPException, socket.timeout) as error:
        totals.failed(method, repr(error))
    finally:
        connection.close()


def work(totals, number):
    interval = WORKERS / REQUESTS_PER_SECOND
    due = time.monotonic() + interval * number / WORKERS
    count = 0
    while True:
        time.sleep(max(0, due - time.monotonic()))
        due += interval
        count += 1
        if count % 2:
            request(totals, "GET", None)
        else:
            request(totals, "POST", json.dumps({"customer": f"customer{number}", "item": "tea", "quantity": count}))


def main():
    totals = Totals()
    for number in range(WORKERS):
        threading.Thread(target=work, args=(totals, number), daemon=True).start()
    while True:
        time.sleep(1)
        totals.show()


if __name__ == "__main__":
    sys.exit(main())
