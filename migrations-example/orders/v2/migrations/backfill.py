"""Fills a new column of a large table while the service goes on using that table."""

import time

from alembic import op
from sqlalchemy import text

# Small batches, each committed alone, hold row locks for milliseconds; the pause leaves the database room for the
# service. This is why the migration takes seconds: as any backfill of a large table does.
ROWS_PER_BATCH = 5_000
PAUSE_SECONDS = 0.1


def backfill(table, assignment):
    """Runs UPDATE `table` SET `assignment` over all rows. Call it in an autocommit block."""
    connection = op.get_bind()
    last = connection.execute(text(f"SELECT coalesce(max(id), 0) FROM {table}")).scalar_one()
    for first in range(1, last + 1, ROWS_PER_BATCH):
        connection.execute(
            text(f"UPDATE {table} SET {assignment} WHERE id BETWEEN :first AND :last"),
            {"first": first, "last": first + ROWS_PER_BATCH - 1},
        )
        print(f"backfill of {table}: {min(first + ROWS_PER_BATCH - 1, last)} of {last} rows", flush=True)
        time.sleep(PAUSE_SECONDS)
