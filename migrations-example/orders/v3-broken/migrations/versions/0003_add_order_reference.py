"""Expand: every order gets a reference that customers can quote.

BROKEN, and it looks innocent: two orders of the same second get the same reference. On the developer's ten rows this
passed; on the real table the unique index cannot be built.
"""

from alembic import op

from migrations.backfill import backfill

revision = "0003_add_order_reference"
down_revision = "0002_add_customer_email"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '5s'")
        op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS reference text")
        backfill("orders", "reference = to_char(created_at, 'YYYYMMDD-HH24MISS')")
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY orders_reference_key ON orders (reference)")
