"""Alembic's entry: connects and runs what is pending.

DATABASE_URL comes from the Database's Secret (key `uri`): Tidegate offers it to every migration container.
"""

import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from migrations.runs import recorded_run

fileConfig(context.config.config_file_name)
engine = create_engine(os.environ["DATABASE_URL"], poolclass=NullPool)

with recorded_run(engine), engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
