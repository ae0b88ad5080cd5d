#!/bin/sh
# Creates the database, its owner and the owner's password at the first start, then becomes the server.
# Environment: POSTGRES_DATABASE, POSTGRES_USER, POSTGRES_PASSWORD; PGDATA on an emptyDir.
set -eu
umask 077

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    # Set aside until it is complete: a container that is killed half-way starts over.
    rm -rf "$PGDATA.new"
    initdb --pgdata "$PGDATA.new" --username postgres --encoding UTF8 --locale C.UTF-8 --auth-local trust --auth-host scram-sha-256
    echo "host all all all scram-sha-256" >> "$PGDATA.new/pg_hba.conf"
    # Single-user mode takes one statement a line.
    postgres --single -D "$PGDATA.new" postgres > /dev/null <<SQL
CREATE ROLE "$POSTGRES_USER" LOGIN PASSWORD '$POSTGRES_PASSWORD'
CREATE DATABASE "$POSTGRES_DATABASE" OWNER "$POSTGRES_USER"
SQL
    mv "$PGDATA.new" "$PGDATA"
fi
unset POSTGRES_PASSWORD

exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
