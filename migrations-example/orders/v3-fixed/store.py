"""What release 3 does with its tables: new is the order's reference, which customers quote on the telephone."""

RELEASE = "3.0.1"

NEEDS_SCHEMA = "0003"


def list_orders(cursor, limit):
    cursor.execute(
        "SELECT id, reference, customer, customer_email, item, quantity FROM orders ORDER BY id DESC LIMIT %s",
        (limit,),
    )
    return cursor.fetchall()


def create_order(cursor, order):
    order.setdefault("customer_email", f"{order['customer']}@customers.example.com")
    cursor.execute(
        "WITH next AS (SELECT nextval('orders_id_seq') AS id)"
        " INSERT INTO orders (id, reference, customer, customer_email, item, quantity)"
        " SELECT id, to_char(now(), 'YYYYMMDD-HH24MISS-') || id,"
        " %(customer)s, %(customer_email)s, %(item)s, %(quantity)s FROM next"
        " RETURNING id, reference, customer, customer_email, item, quantity",
        order,
    )
    return cursor.fetchone()
