"""The migration that pods run here, and the oracle that it writes where it works: inside of the database."""

from cluster import MIGRATION_IMAGE

ORACLE = """
CREATE TABLE migration_runs (id serial, pod text, backend int, started timestamptz, ended timestamptz);
CREATE TABLE migration_overlaps (pod text, seen timestamptz);
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
ALTER TABLE migration_runs OWNER TO orders;
ALTER TABLE migration_overlaps OWNER TO orders;
ALTER TABLE alembic_version OWNER TO orders;
"""

# Whoever does not get the session lock (7, 7) runs beside somebody who has it: a migration, or a server process of one
# whose client is gone. The long statement writes its own end, so that it is written without a client, too.
WORK = """
import os, psycopg2
connection = psycopg2.connect(os.environ["DATABASE_URL"])
connection.autocommit = True
cursor = connection.cursor()
pod, hold, version = os.environ["POD"], os.environ["HOLD"], os.environ["VERSION"]
cursor.execute("INSERT INTO migration_runs (pod, backend, started) VALUES (%s, pg_backend_pid(), clock_timestamp()) RETURNING id", (pod,))
run = cursor.fetchone()[0]
cursor.execute("INSERT INTO migration_overlaps SELECT %s, clock_timestamp() WHERE NOT pg_try_advisory_lock(7, 7)", (pod,))
print("works in a session", flush=True)
cursor.execute("UPDATE migration_runs SET ended = (SELECT clock_timestamp() FROM pg_sleep(%s)) WHERE id = %s", (float(hold), run))
cursor.execute("INSERT INTO alembic_version VALUES (%s) ON CONFLICT DO NOTHING", (version,))
"""

# By the sessions' own rows. A row without an end belongs to a session that was ended: the lock has seen whether it was
# alone.
OVERLAPS = """
SELECT 'pod ' || pod || ' ran beside another one at ' || seen FROM migration_overlaps
UNION ALL
SELECT 'pods ' || a.pod || ' and ' || b.pod || ' ran at the same time' FROM migration_runs a JOIN migration_runs b ON a.id < b.id
WHERE a.started < b.ended AND b.started < a.ended;
"""


def database(name, key):
    return {
        "apiVersion": "tidegate.io/v1alpha1",
        "kind": "Database",
        "metadata": {"name": name},
        "spec": {"connection": {"secretRef": {"name": "databases"}, "keys": {"uri": key}}, "history": {"tool": "Alembic"}},
    }


def migration(name, database_name, version, script=WORK, hold=0.0, **spec):
    return {
        "apiVersion": "tidegate.io/v1alpha1",
        "kind": "Migration",
        "metadata": {"name": name},
        "spec": {
            "databaseRef": {"name": database_name},
            "version": version,
            "image": MIGRATION_IMAGE,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python3", "-c", script],
            "env": [
                {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "HOLD", "value": str(hold)},
                {"name": "VERSION", "value": version},
            ],
            **spec,
        },
    }
