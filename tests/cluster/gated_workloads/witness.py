"""Runs in a gated pod before what the pod is there for: writes into the database which schema version it found there, and what
its own template requires. One line goes to the log as well. Argument: the command to go on with.
"""

import os
import socket
import sys

import psycopg2


def read_schema(cursor):
    cursor.execute("SELECT to_regclass('alembic_version') IS NOT NULL")
    if not cursor.fetchone()[0]:
        return ""
    cursor.execute("SELECT version_num FROM alembic_version")
    row = cursor.fetchone()
    return row[0] if row else ""


def main():
    requires = os.environ["REQUIRES"]
    connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=10)
    with connection, connection.cursor() as cursor:
        schema = read_schema(cursor)
        cursor.execute(
            "INSERT INTO starts (pod, requires, schema) VALUES (%s, %s, %s)", (socket.gethostname(), requires, schema)
        )
    connection.close()
    print(f"{requires}: the schema is {schema or 'not there'}", flush=True)
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
