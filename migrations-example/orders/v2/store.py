"""What release 2 does with its tables: new is the customer's e-mail address."""

RELEASE = "2.0.0"

NEEDS_SCHEMA = "0002"


def list_orders(cursor, limit):
    cursor.execute(
        "SELECT id, customer, customer_email, item, quantity FROM orders ORDER BY id DESC LIMIT %s", (limit,)
    )
    return cursor.fetchall()


def create_order(cursor, order):
    order.setdefault("customer_email", f"{order['customer']}@customers.example.com")
    cursor.execute(
        "INSERT INTO orders (customer, customer_email, item, quantity)"
        " VALUES (%(customer)s, %(customer_email)s, %(item)s, %(quantity)s)"
        " RETURNING id, customer, customer_email, item, quantity",
        order,
    )
    return cursor.fetchone()
