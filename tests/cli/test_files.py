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


HEAD = "customer_id,email,spent,country"


@pytest.mark.parametrize("above, remedy", [
    (["Customers,of,March,2026"], "`skip: 1`"), (["Customers,of,this,month"], "`skip: 1`"),
    (["Customers of March,,,"], "`skip: 1`"),
    (["Customers of March,,,", "", ",,,"], "`skip: 3`"), (["sep=,,,"], "`skip: 1`"),
])
def test_a_title_as_wide_as_the_header_is_named_with_the_remedy(world, above, remedy):
    write(world, [*above[1:], HEAD, *(row(i) for i in range(3))], head=above[0])
    refused = world.apply(expect=2).err
    assert "/shop.yaml:" in refused and "people.csv, line 1 was read as" in refused and remedy in refused, refused
    assert f"line {len(above) + 1} has the column `customer_id`" in refused
    assert "p0@" not in refused and "Fields: " not in refused
    catalog = world.catalog()
    catalog["sources"][0]["skip"] = len(above)
    world.apply(catalog=catalog)
    world.run()
    assert world.members() == {"p0@example.com", "p1@example.com", "p2@example.com"}


def test_a_title_that_comes_later_is_named_by_every_command(world):
    write(world, [row(i) for i in range(3)])
    world.apply()
    world.run()
    write(world, [HEAD, *(row(i) for i in range(3))], head="Customers,of,this,month")
    for command in (["count", "Lapsed VIPs"], ["preview", "Lapsed VIPs"], ["check", "customers"], ["why", world.name, "p0@example.com"]):
        said = world.rollcall(*command, expect=None)
        assert said.code and "line 2 has the column" in said.out + said.err and "`skip: 1`" in said.out + said.err, str(said)
    report = world.run(expect=None)
    assert "people.csv, line 1 was read as the header, and line 2 has the column `customer_id`" in report["error"]["message"]
    assert report["error"]["remedy"] == "Write `skip: 1` at the source."
    assert len(world.members()) == 3


def test_a_file_without_a_header_says_which_line_was_taken_for_it(world):
    for first, taken in (("ann,anywhere,much,NO", "the header"), ("0,p0@example.com,7,NO", "data, and no line as the header")):
        (world.folder / "people.csv").write_text(f"{first}\nbob,p1,some,SE\n")
        refused = world.apply(expect=2).err
        assert f"there is no column `customer_id`: {world.folder}/people.csv, line 1 was read as {taken}" in refused, refused
        assert "`skip: 1`" in refused and ("`header: false`" in refused or "`column0`" in refused), refused
        assert first.split(",")[1] not in refused


def test_a_query_and_fields_of_their_own_say_so_as_well(world):
    write(world, [HEAD, *(row(i) for i in range(3))], head="Customers,of,this,month")
    for model in ({"sql": 'SELECT customer_id, email, spent, country FROM "people.csv"'}, {"sql": 'SELECT * FROM "people.csv"'},
                  {"table": "people", "fields": [{"name": name} for name in HEAD.split(",")]}):
        catalog = world.catalog()
        catalog["models"][0].pop("table")
        catalog["models"][0] |= model
        refused = world.apply(catalog=catalog, expect=2).err
        assert "line 2 has the column `customer_id`" in refused and "`skip: 1`" in refused, refused


def test_a_column_that_a_right_header_has_not_is_named_with_those_it_has(world):
    write(world, [row(i) for i in range(3)], head="customer_id,e_mail,spent,country")
    refused = world.apply(expect=2).err
    assert "`email`" in refused and "`e_mail`" in refused, refused
    write(world, [row(i) for i in range(3)])
    world.apply()
    write(world, [row(i) for i in range(3)], head="customer_id,email,spend,country")
    report = world.run(expect=None)
    assert "there is no column `spent` (did you mean `spend`?)" in report["error"]["message"], report
    assert "people.csv, line 1 was read as the header" in report["error"]["message"]
    assert report["error"]["remedy"] == "Columns: customer_id, email, spend, country."
