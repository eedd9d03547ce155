"""Files as they are in life: what stands in them arrives as it is written, or nothing is sent."""

import gzip

import pytest

ATTRIBUTES = [{"field": "spent", "to": "spent", "create": True}, {"field": "country", "to": "country", "create": True}]


@pytest.fixture
def world(make_world):
    world = make_world("hybrid", "email", source="csv", attributes=list(ATTRIBUTES), rule={"all": []})
    for i in range(12):
        world.double.add_contact(email=f"p{i}@example.com", user_id=f"U{i}")
    return world


def write(world, rows, head="customer_id,email,spent,country"):
    (world.folder / "people.csv").write_text("\n".join([head, *rows]) + "\n")


def row(i, spent="7", country="NO"):
    return f"{i},p{i}@example.com,{spent},{country}"


def test_types_are_found_once_shown_and_kept(world):
    write(world, [row(i) for i in range(10)] + [row(10, spent="19.99")])
    done = world.apply()
    assert "customer_id text, email text, spent number, country text" in done.out
    exported = world.rollcall("export").out
    assert "spent: number" in exported
    assert world.apply(text=exported).out.startswith("Nothing to change")
    assert world.apply().out.startswith("Nothing to change"), "a file that does not speak of types changes none"
    assert "country text" in world.rollcall("check", "customers").out
    world.run()
    assert world.contact("p10@example.com").fields == {"spent": 19.99, "country": "NO"}
    write(world, [row(i) for i in range(11)])  # only whole numbers are left
    world.run()
    assert world.contact("p10@example.com").fields["spent"] == 7.0
    assert type(world.contact("p10@example.com").fields["spent"]) is float


def test_a_value_that_does_not_fit_stops_the_run_before_anything_is_sent(world):
    write(world, [row(i) for i in range(11)])
    world.apply()
    world.run()
    world.double.clear_log()
    write(world, [row(i) for i in range(10)] + [row(10, spent="plenty")])
    report = world.run(expect=None)
    message = report["error"]["message"]
    assert "people.csv, line 12" in message and "`plenty`" in message and "`spent`" in message
    assert report["error"]["remedy"] and "@" not in message
    assert world.double.write_calls() == []
    # Whoever meant it says so.
    catalog = world.catalog()
    catalog["models"][0]["fields"] = [{"name": "customer_id"}, {"name": "email"}, {"name": "spent", "type": "text"}, {"name": "country"}]
    catalog["activations"][0]["attributes"] = ATTRIBUTES[1:]
    world.apply(catalog=catalog)
    world.run()


def test_a_broken_file_takes_nobody_off_the_list(world):
    rows = [row(i) for i in range(12)]
    write(world, rows)
    world.apply()
    world.run()
    assert len(world.members()) == 12
    write(world, rows[:5] + ["customer_id,email,spent,country,city"] + [one + ",Rome" for one in rows[5:]])
    assert "line 7" in world.run(expect=None)["error"]["message"]
    catalog = world.catalog()
    catalog["sources"][0]["path"] = "people.csv.gz"
    packed = gzip.compress("\n".join(["customer_id,email,spent,country", *rows]).encode())
    (world.folder / "people.csv.gz").write_bytes(packed)
    catalog["models"][0]["table"] = "people.csv.gz"
    world.apply(catalog=catalog)
    (world.folder / "people.csv.gz").write_bytes(packed[: len(packed) * 4 // 5])
    assert "breaks off" in world.run(expect=None)["error"]["message"]
    refused = world.apply(catalog=catalog, expect=2)
    assert "breaks off" in refused.err
    assert len(world.members()) == 12


def test_a_key_is_sent_as_it_is_written(make_world):
    world = make_world("user_id", "user_id", source="csv", attributes=[], rule={"all": []})
    for key in ("10-11-12", "007", "true"):
        world.double.add_contact(user_id=key)
    (world.folder / "people.csv").write_text("customer_id,user_id\n" + "".join(f"{i},{key}\n" for i, key in enumerate(["10-11-12", "007", "true"])))
    world.apply()
    world.run()
    assert world.members() == {"10-11-12", "007", "true"}


def test_primary_keys_and_those_of_relations_are_texts_as_written(make_world):
    """Numbers of the first day do not bind those of the next, and join what is written like them."""
    world = make_world("hybrid", "email", source="csv", attributes=[], rule={"related": "orders"})
    for i in range(4):
        world.double.add_contact(email=f"p{i}@example.com")
    people, orders = world.folder / "people.csv", world.folder / "orders.csv"
    catalog = world.catalog()
    catalog["sources"][0]["path"] = "."
    catalog["models"] = [
        {"name": "customers", "type": "users", "source": "shop", "table": "people", "primary_key": "customer_id",
         "relations": [{"name": "orders", "kind": "has_many", "model": "orders", "key": "customer_id", "foreign_key": "customer"}]},
        {"name": "orders", "type": "events", "source": "shop", "table": "orders", "primary_key": "number"},
    ]
    people.write_text("customer_id,email\n1,p0@example.com\n10,p1@example.com\n")
    orders.write_text("number,customer,amount\n1,1,5\n2,10,7\n")
    done = world.apply(catalog=catalog)
    assert "customer_id text" in done.out and "number text, customer text, amount integer" in done.out
    world.run()
    assert world.members() == {"p0@example.com", "p1@example.com"}
    people.write_text("customer_id,email\n1,p0@example.com\n10,p1@example.com\n01,p2@example.com\nA-1,p3@example.com\n")
    orders.write_text("number,customer,amount\n1,A-1,5\n2,01,7\n3,10,1\n")
    world.run()
    assert world.members() == {"p1@example.com", "p2@example.com", "p3@example.com"}
    assert "in `" in world.rollcall("why", world.name, "p3@example.com").out
    # Whoever compares a key with numbers takes it for one, from the beginning or by saying so.
    people.write_text("customer_id,email\n1,p0@example.com\n10,p1@example.com\n")
    orders.write_text("number,customer,amount\n1,1,5\n2,10,7\n")
    catalog["segments"][0]["where"] = {"all": [{"field": "customer_id", "op": "gte", "value": 5}, {"related": "orders"}]}
    assert "declare the field's `type`" in world.apply(catalog=catalog, expect=2).err
    world.home = world.folder / "another home"
    done = world.apply(catalog=catalog)
    assert "customer_id integer" in done.out and "number text, customer integer" in done.out
    shown = world.rollcall("preview", "Lapsed VIPs").out
    assert "p1@example.com" in shown and "p0@example.com" not in shown
