"""What release 1 does with its tables. Everything that depends on the schema is in this file."""

RELEASE = "1.0.0"

# The oldest schema that this release can work with. Kubernetes reads the same from the pod template's
# tidegate.io/requires; the service checks it once more at its start.
NEEDS_SCHEMA = "0001"


def list_orders(cursor, limit):
    cursor.execute("SELECT id, customer, item, quantity FROM orders ORDER BY id DESC LIMIT %s", (limit,))
    return cursor.fetchall()


def create_order(cursor, order):
    cursor.execute(
        "INSERT INTO orders (customer, item, quantity) VALUES (%(customer)s, %(item)s, %(quantity)s)"
        " RETURNING id, customer, item, quantity",
        order,
    )
    return cursor.fetchone()
