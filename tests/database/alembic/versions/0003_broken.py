from alembic import op

revision = "0003_broken"
down_revision = "0002_email"


def upgrade():
    op.execute("ALTER TABLE orders ADD COLUMN total numeric")
    op.execute("SELECT 1 / 0")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN total")
