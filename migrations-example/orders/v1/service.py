"""The orders service: GET /orders, POST /orders, GET /version, GET /healthz."""

import http.server
import json
import os
import signal
import sys
import threading
import time
import urllib.parse

import psycopg2

import store
from database import Pool

PORT = 8080
# PostgreSQL's default allows 100 connections; two or three pods run during a rollout.
CONNECTIONS = 10


def log(message):
    print(time.strftime("%H:%M:%S"), f"orders {store.RELEASE}:", message, flush=True)


def read_schema(pool):
    """The revision in Alembic's table, for example 0002_add_customer_email; None if nothing was ever migrated."""
    with pool.transaction() as cursor:
        cursor.execute("SELECT to_regclass('alembic_version') IS NOT NULL AS present")
        if not cursor.fetchone()["present"]:
            return None
        cursor.execute("SELECT version_num FROM alembic_version")
        row = cursor.fetchone()
        return row["version_num"] if row else None


def check_schema(pool):
    """Refuses to serve on a schema that is too old. With the gate in front of the rollout this never happens."""
    schema = read_schema(pool)
    if schema is None or schema.split("_")[0] < store.NEEDS_SCHEMA:
        log(f"the schema is {schema or 'not there'}, this release needs {store.NEEDS_SCHEMA}: not starting")
        sys.exit(1)
    log(f"the schema is {schema}, this release needs {store.NEEDS_SCHEMA}: fine")


def parse_order(body):
    order = json.loads(body)
    order = {key: order[key] for key in ("customer", "customer_email", "item", "quantity") if key in order}
    if not isinstance(order.get("customer"), str) or not isinstance(order.get("item"), str):
        raise ValueError("an order needs the texts 'customer' and 'item'")
    if not isinstance(order.setdefault("quantity", 1), int) or order["quantity"] < 1:
        raise ValueError("'quantity' must be a positive whole number")
    return order


class Handler(http.server.BaseHTTPRequestHandler):
    pool = None

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/orders":
            limit = urllib.parse.parse_qs(url.query).get("limit", ["20"])[0]
            self.answer(self.list_orders, min(int(limit), 1000) if limit.isdigit() else 20)
        elif url.path == "/version":
            self.answer(self.version)
        elif url.path == "/healthz":
            self.answer(self.health)
        else:
            self.reply(404, {"error": f"there is nothing at {url.path}"})

    def do_POST(self):
        if self.path != "/orders":
            self.reply(404, {"error": f"nothing can be posted to {self.path}"})
            return
        if "Content-Length" not in self.headers:
            self.reply(411, {"error": "Content-Length is missing"})
            return
        try:
            order = parse_order(self.rfile.read(int(self.headers["Content-Length"])))
        except (ValueError, AttributeError) as error:
            self.reply(400, {"error": str(error)})
            return
        self.answer(self.create_order, order, status=201)

    def list_orders(self, limit):
        with self.pool.transaction() as cursor:
            return store.list_orders(cursor, limit)

    def create_order(self, order):
        with self.pool.transaction() as cursor:
            return store.create_order(cursor, order)

    def version(self):
        return {"release": store.RELEASE, "needs": store.NEEDS_SCHEMA, "schema": read_schema(self.pool)}

    def health(self):
        with self.pool.transaction() as cursor:
            cursor.execute("SELECT 1")
        return {"status": "ok"}

    def answer(self, action, *arguments, status=200):
        try:
            result = action(*arguments)
        except psycopg2.Error as error:
            log(f"{self.command} {self.path} failed: {error}")
            self.reply(503, {"error": "the database did not do it"})
            return
        self.reply(status, result)

    def reply(self, status, value):
        body = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Orders-Release", store.RELEASE)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        pass  # twenty lines a second would hide the ones that matter


class Server(http.server.ThreadingHTTPServer):
    # The default queue of 5 drops connections in a burst.
    request_queue_size = 128
    # server_close() waits for the requests in hand.
    daemon_threads = False


def main():
    pool = Pool(os.environ["DATABASE_URL"], CONNECTIONS)
    try:
        check_schema(pool)
    except psycopg2.OperationalError as error:
        log(f"cannot reach the database: {error}")
        sys.exit(1)

    Handler.pool = pool
    server = Server(("", PORT), Handler)

    def stop(*_):
        log("asked to end: finishing the requests in hand")
        # shutdown() waits for serve_forever(), which runs in the thread that this handler interrupts.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log(f"serving on port {PORT}")
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    log("ended")


if __name__ == "__main__":
    main()
