from alembic import op

revision = "0002_email"
down_revision = "0001_initial"


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN email text")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN email")
