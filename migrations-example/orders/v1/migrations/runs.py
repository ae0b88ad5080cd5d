"""Counts starts: the witness that a migration ran exactly as often as it should.

Every start of Alembic writes one row before it does anything else, committed on a connection of its own, so a run that
fails or is killed leaves its row as well. `ended` stays empty unless the run succeeded. Services do not need this;
it is here so that `migrations-example/run` can ask the database instead of believing Kubernetes.
"""

import contextlib
import os
import socket

from sqlalchemy import text


@contextlib.contextmanager
def recorded_run(engine):
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE IF NOT EXISTS migration_runs (id bigserial PRIMARY KEY, job_uid text NOT NULL,"
                " pod text NOT NULL, started timestamptz NOT NULL DEFAULT now(), ended timestamptz)"
            )
        )
        run = connection.execute(
            text("INSERT INTO migration_runs (job_uid, pod) VALUES (:job_uid, :pod) RETURNING id"),
            {"job_uid": os.environ.get("TIDEGATE_JOB_UID", ""), "pod": socket.gethostname()},
        ).scalar_one()
    yield
    with engine.begin() as connection:
        connection.execute(text("UPDATE migration_runs SET ended = now() WHERE id = :run"), {"run": run})
