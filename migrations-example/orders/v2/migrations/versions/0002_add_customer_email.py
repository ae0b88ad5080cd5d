"""Expand: a new column, which release 1 does not know and does not mind.

Orders that release 1 takes from now until its last pod is gone have no address; release 2 shows those as null.
"""

from alembic import op

from migrations.backfill import backfill

revision = "0002_add_customer_email"
down_revision = "0001_create_orders"


def upgrade():
    # In one transaction the ALTER's lock would stop release 1 until the last row is filled. Hence every statement
    # commits alone, and each can be repeated: a run that was cut off in the middle can simply be run again.
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '5s'")
        op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS customer_email text")
        backfill("orders", "customer_email = coalesce(customer_email, customer || '@customers.example.com')")
