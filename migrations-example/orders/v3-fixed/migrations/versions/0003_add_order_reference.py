"""Expand: every order gets a reference that customers can quote.

Fixed: the row's number makes the reference unique. The broken form left its half-built index behind (PostgreSQL keeps
the index of a failed CREATE INDEX CONCURRENTLY, marked invalid): it goes first.
"""

from alembic import op

from migrations.backfill import backfill

revision = "0003_add_order_reference"
down_revision = "0002_add_customer_email"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '5s'")
        op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS reference text")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS orders_reference_key")
        backfill("orders", "reference = to_char(created_at, 'YYYYMMDD-HH24MISS-') || id")
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY orders_reference_key ON orders (reference)")
