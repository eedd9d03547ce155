"""The data of a measurement: a shop, by shape and size, and the catalog over it."""

import json
import subprocess

from machine import BIN, HERE

# Attributes: field, what it is called in Iterable, its type there, and its SQL over the number i. No double is whole: programs
# in JavaScript would send 1.0 as 1, which Iterable refuses for a field of doubles, and the whole call with it.
PLAIN = [
    ("first_name", "firstName", "string", "'Name ' || i"),
    ("lifetime_value", "lifetimeValue", "double", "i / 2.0::DOUBLE + 0.25"),
    ("order_count", "orderCount", "long", "i % 50"),
    ("newsletter", "newsletter", "boolean", "i % 3 = 0"),
    ("birth_date", "birthDate", "date", "DATE '1950-01-01' + CAST(i % 20000 AS INTEGER)"),
]
# One value for most, a long tail of others, and a few texts that are long.
SKEWED = [
    ("first_name", "firstName", "string",
     "CASE WHEN i % 100 < 90 THEN 'Ann' WHEN i % 10000 = 9999 THEN repeat('Name ', 100) || i ELSE 'Name ' || i END"),
    ("lifetime_value", "lifetimeValue", "double", "CASE WHEN i % 20 = 0 THEN i / 2.0::DOUBLE + 0.25 ELSE 0.5 END"),
    ("order_count", "orderCount", "long", "CASE WHEN i % 1000 = 0 THEN i ELSE 1 END"),
    ("newsletter", "newsletter", "boolean", "i % 200 = 0"),
    ("birth_date", "birthDate", "date", "DATE '1970-01-01' + CAST(CASE WHEN i % 10 = 0 THEN i % 20000 ELSE 0 END AS INTEGER)"),
]
SHAPES = {  # the key's SQL, and the attributes
    "plain": ("'U' || i", PLAIN),
    "wide": ("'U' || i", PLAIN + [(f"note_{n}", f"note{n}", "string", f"'Note {n} of ' || (i % {97 + n})") for n in range(15)]),
    "long keys": ("'shop-customer/' || md5(i::VARCHAR)", PLAIN),
    "nulls": ("'U' || i", [(f, t, k, f"CASE WHEN i % 10 < 2 THEN {s} END" if f != "order_count" else s) for f, t, k, s in PLAIN]),
    "skewed": ("'U' || i", SKEWED),
}

CATALOG = """\
version: 1
sources: [{{name: shop, kind: duckdb, path: shop.duckdb}}]
models:
  - {{name: customers, type: users, source: shop, table: customers, primary_key: customer_id}}
segments:
  - {{name: Everyone, model: customers, where: {{field: subscribed, op: is_true}}}}
destinations:
  - name: Iterable
    platform: iterable
    base_url: {address}
    project_type: hybrid
    api_key: 0123456789abcdef0123456789abcdef
    settle: 1s
activations:
"""
ACTIVATION = """\
  - segment: Everyone
    name: {name}
    destination: Iterable
    match_key: {{type: user_id, field: user_id}}
    attributes:
"""
# 1 %: half of them change an attribute, a quarter leave, a quarter come.
CHURN = """\
UPDATE customers SET order_count = order_count + 100 WHERE customer_id % 200 = 3;
UPDATE customers SET subscribed = NOT subscribed WHERE customer_id % 400 IN (1, 2);
"""


def catalog(address, shape, activations=("Everyone",)):
    attributes = "".join(f"      - {{field: {field}, to: {to}, type: {kind}, create: true}}\n" for field, to, kind, _ in SHAPES[shape][1])
    return CATALOG.format(address=address) + "".join(ACTIVATION.format(name=name) + attributes for name in activations)


def sql(text):
    file = HERE / "change.sql"
    file.write_text(text)
    subprocess.run([BIN / "shopgen", HERE / "shop.duckdb", file], check=True)


def everyone(shape):
    """Lists of a thousand, as the API takes them."""
    import duckdb

    _, attributes = SHAPES[shape]
    with duckdb.connect(str(HERE / "shop.duckdb"), read_only=True) as shop:
        rows = shop.execute(f"SELECT user_id, {', '.join(field for field, *_ in attributes)} FROM customers WHERE subscribed")
        while some := rows.fetchmany(1000):
            yield [{"userId": key, "dataFields": {to: str(value) if kind == "date" else value
                                                  for (_, to, kind, _), value in zip(attributes, values) if value is not None}}
                   for key, *values in some]


def make_fields(people, attributes, post):
    """By somebody who has all of them, which is how the run makes them."""
    whole = next(one for one in people if len(one["dataFields"]) == attributes)
    post(json.dumps({"users": [whole | {"preferUserId": True}], "createNewFields": True}))


def contacts_of(people, shape):
    """What the simulator is told to begin with: a number stands for U0, U1 and so on."""
    if SHAPES[shape][0].startswith("'U'"):
        return people
    import duckdb

    file = HERE / "contacts.ndjson"
    if not file.exists():
        with duckdb.connect(str(HERE / "shop.duckdb"), read_only=True) as shop, file.open("w") as out:
            rows = shop.execute("SELECT customer_id, user_id FROM customers")
            while some := rows.fetchmany(10_000):
                out.writelines(f'{{"email":"c{number}@example.com","userId":"{key}"}}\n' for number, key in some)
    return file


def make_shop(people, shape):
    key, attributes = SHAPES[shape]
    columns = ", ".join(f"{of} AS {field}" for field, _, _, of in attributes)
    (HERE / "shop.duckdb").unlink(missing_ok=True)
    sql(f"CREATE TABLE customers AS SELECT i AS customer_id, {key} AS user_id, 'user' || i || '@example.com' AS email, {columns}, i % 400 <> 1 AS subscribed FROM range(0, {people}) t(i)")


class Expected:
    """What each run must come to."""

    def __init__(self, people):
        self.added = len(range(1, people, 400))  # who come with the churn
        self.left = len(range(2, people, 400))
        self.changed = len(range(3, people, 200))
        self.entered = people - self.added
        self.outcomes = {"first": {"added": self.entered}, "idle": {},
                         "churn": {"added": self.added, "removed": self.left, "updated": self.changed}}
        self.members = {"first": self.entered, "idle": self.entered, "churn": self.entered + self.added - self.left}
