import os

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

# The parts, as an application would compose them: no percent-encoding to get wrong.
url = URL.create(
    "postgresql+psycopg2",
    host=os.environ["PGHOST"],
    port=int(os.environ["PGPORT"]),
    database=os.environ["PGDATABASE"],
    username=os.environ["PGUSER"],
    password=os.environ["PGPASSWORD"],
)

with create_engine(url).connect() as connection:
    # One transaction per migration, so that a failing one leaves those before it.
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
