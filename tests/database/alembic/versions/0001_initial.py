from alembic import op

revision = "0001_initial"
down_revision = None


def upgrade():
    op.execute("CREATE TABLE orders (id bigserial PRIMARY KEY, item text NOT NULL)")


def downgrade():
    op.execute("DROP TABLE orders")
