"""What both suites need before the operators are there: namespaces, PostgreSQL, databases, Secrets."""

import subprocess

import cluster
import exit_classes
import migration
import rounds
from cluster import DATABASE_NAMESPACE, EXAMPLE, Cluster


def make_namespace(api, name, operator, pod_security="restricted"):
    labels = {"pod-security.kubernetes.io/enforce": pod_security, "tidegate-test/operator": operator}
    api.create("namespaces", None, {"metadata": {"name": name, "labels": labels}})


def main():
    api = Cluster()
    make_namespace(api, DATABASE_NAMESPACE, "none")
    subprocess.run([EXAMPLE / "postgres/create-secret", DATABASE_NAMESPACE], check=True)
    subprocess.run(
        ["kubectl", "--namespace", DATABASE_NAMESPACE, "apply", "--filename", EXAMPLE / "postgres/postgres.yaml"], check=True
    )
    cluster.wait_for(
        "PostgreSQL to be ready",
        lambda: cluster.container(api.get("pods", DATABASE_NAMESPACE, "orders-db-0"), "postgres").get("ready"),
        120,
    )
    names = rounds.DATABASES + [rounds.NODE_LOST] + [each.name.replace("-", "_") for each in exit_classes.CLASSES]
    cluster.sql("postgres", "".join(f"CREATE DATABASE {name} OWNER orders;\n" for name in names))
    cluster.sql("postgres", "".join(f"\\connect {name}\n{migration.ORACLE}" for name in names))

    secret = api.get("secrets", DATABASE_NAMESPACE, "orders-db")["data"]
    password = cluster.base64.b64decode(secret["password"]).decode()
    uris = {name: f"postgresql://orders:{password}@orders-db.{DATABASE_NAMESPACE}:5432/{name}" for name in names}
    for operator, namespace in rounds.TEAMS.items():
        make_namespace(api, namespace, operator)
    for each in exit_classes.CLASSES:
        make_namespace(api, each.namespace, "first", each.pod_security)
    for namespace in [*rounds.TEAMS.values(), *(each.namespace for each in exit_classes.CLASSES)]:
        api.create("secrets", namespace, {"metadata": {"name": "databases"}, "stringData": uris})


if __name__ == "__main__":
    main()
