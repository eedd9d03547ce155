"""Odd data: what people's databases hold. Everything arrives exactly, or is counted with a reason."""

import datetime

import pytest

from world import COLUMNS, World, customer

NAMES = {
    1: "O'Neil", 2: "Zoë", 3: "李", 4: '"x"', 5: "'); DROP TABLE customers;--", 6: "😀 emoji 👩‍👩‍👧", 7: "two\nlines\tand a tab",
    8: "back\\slash", 9: "", 10: "  spaces  ", 11: "null", 12: "2024-01-02", 13: "417", 14: "true", 15: "$${ITERABLE_API_KEY}",
    16: "<script>alert(1)</script>", 17: "é" * 500, 18: "\u202eright to left", 19: "a,b;c|d", 20: "{}",
}


def ready(world: World, *rows):
    world.put(*rows)
    for row in rows:
        world.double.add_contact(email=f"user{row['customer_id']}@example.com", user_id=f"U{row['customer_id']}", firstName="Old")
    world.write_source()
    world.apply()
    return world


@pytest.mark.parametrize("project_type, key", [("hybrid", "email"), ("email", "email")])
@pytest.mark.parametrize("source", ["duckdb", "parquet"])
def test_odd_names_arrive_exactly(make_world, project_type, key, source):
    world = ready(make_world(project_type, key, source=source), *[customer(i, first_name=name) for i, name in NAMES.items()])
    report = world.run()
    assert report["status"] == "completed"
    world.assert_right()
    assert {i: world.contact(f"user{i}@example.com").fields["firstName"] for i in NAMES} == NAMES
    assert world.double.field_types()["firstName"] == "string"


def test_odd_names_survive_csv(make_world):
    names = {i: name for i, name in NAMES.items() if name}  # CSV tells an empty text from a null by quotes alone
    world = ready(make_world(source="csv"), *[customer(i, first_name=name) for i, name in names.items()])
    world.run()
    assert {i: world.contact(f"user{i}@example.com").fields["firstName"] for i in names} == names


def test_email_keys_are_counted_by_what_is_wrong_with_them(make_world):
    world = make_world("hybrid", "email")
    long_local, long_all = "x" * 65, "x" * 60 + "@" + ".".join(["y" * 60] * 4) + ".com"
    good = {1: "user1@example.com", 2: " USER2@Example.com\t", 3: "user+tag@example.com", 4: "o'neil@example.com", 5: "x" * 64 + "@example.com"}
    none = {10: None, 11: "", 12: "   ", 13: "\t\n"}
    bad = {20: "no-at-sign", 21: "@example.com", 22: "user@", 23: "user@localhost", 24: "a b@example.com", 25: "a@b@example.com",
           26: long_local + "@example.com", 27: long_all, 28: "user@exa mple.com", 29: "user@.com", 30: "user@example..com"}
    doubles = {40: "User1@example.com", 41: "user2@EXAMPLE.com", 42: " user1@example.com"}
    rows = [customer(i, email=email) for group in (good, none, bad, doubles) for i, email in group.items()]
    world.put(*rows)
    for email in ("user1@example.com", "user2@example.com", "user+tag@example.com", "o'neil@example.com", good[5]):
        world.double.add_contact(email=email, firstName="Old")
    world.write_source()
    world.apply()
    report = world.run()
    assert report["segment"] == {"rows": 23, "members": 5, "no_key": 4, "invalid_key": 11, "duplicate_key": 3}
    world.assert_right()
    assert len(world.members()) == 5

    def rejects(kind):
        return world.rollcall("rejects", report["run_id"], "--kind", kind, "--json").json

    assert {str(p["primary_key"]) for p in rejects("no_key")} == {str(i) for i in none}
    assert {str(p["primary_key"]) for p in rejects("invalid_key")} == {str(i) for i in bad}
    assert {str(p["primary_key"]) for p in rejects("duplicate_key")} == {str(i) for i in doubles}
    assert len(rejects("all")) == 18
    world.double.clear_log()
    assert world.run()["status"] == "completed"
    assert world.double.write_calls() == []


def test_user_ids_are_exact_and_counted_by_what_is_wrong_with_them(make_world):
    world = make_world("hybrid", "user_id")
    good = {1: "U1", 2: "u1", 3: "x" * 52, 4: "a b", 5: "!~'\"\\/?&=%+#"}
    none = {10: None, 11: "", 12: "  "}
    bad = {20: "x" * 53, 21: "Zoë", 22: "trailing ", 23: "tab\there", 24: "new\nline"}
    world.put(*[customer(i, user_id=user_id) for group in (good, none, bad) for i, user_id in group.items()], customer(40, user_id="U1"))
    for user_id in good.values():
        world.double.add_contact(user_id=user_id, firstName="Old")
    world.write_source()
    world.apply()
    report = world.run()
    assert report["segment"] == {"rows": 14, "members": 5, "no_key": 3, "invalid_key": 5, "duplicate_key": 1}
    assert world.members() == set(good.values())
    world.assert_right()


@pytest.mark.parametrize("source", ["duckdb", "parquet", "csv"])
def test_of_two_rows_with_one_key_the_smallest_number_speaks(make_world, source):
    """9 before 10 and 100: compared as numbers, whatever the order of the rows."""
    rows = [customer(n, email="user1@example.com", first_name=f"from {n}") for n in (100, 9, 10)]
    world = make_world(source=source)
    world.put(*rows, customer(1, email="other@example.com"))
    world.double.add_contact(email="user1@example.com", firstName="Old")
    world.write_source()
    world.apply()
    report = world.run()
    assert report["segment"]["duplicate_key"] == 2
    assert world.contact("user1@example.com").fields["firstName"] == "from 9"
    world.drop(9)
    world.write_source()
    assert world.run()["outcomes"]["updated"] == 1
    assert world.contact("user1@example.com").fields["firstName"] == "from 10"


def test_of_two_rows_with_one_key_the_smallest_text_speaks_by_bytes(make_world):
    columns = COLUMNS | {"customer_id": "VARCHAR"}
    world = make_world(columns=columns)
    world.put(*[customer(1, email="user1@example.com", first_name=f"from {pk}") | {"customer_id": pk} for pk in ("b", "É", "B", "a9", "a10")])
    world.double.add_contact(email="user1@example.com", firstName="Old")
    world.write_source()
    world.apply()
    world.run()
    assert world.contact("user1@example.com").fields["firstName"] == "from B"


def test_values_of_every_type_arrive_in_the_form_iterable_takes(make_world):
    columns = COLUMNS | {"big": "BIGINT", "price": "DECIMAL(12,2)", "seen": "TIMESTAMP", "tags": "VARCHAR[]", "home": "STRUCT(city VARCHAR, zip VARCHAR)"}
    attributes = [
        {"field": "big", "to": "big", "type": "long", "create": True},
        {"field": "price", "to": "price", "type": "double", "create": True},
        {"field": "lifetime_value", "to": "ltv", "type": "double", "create": True},
        {"field": "seen", "to": "seen", "type": "date", "create": True},
        {"field": "tags", "to": "tags", "create": True},
        {"field": "home", "to": "home", "type": "object", "create": True},
        {"field": "order_count", "to": "orderCountText", "type": "string", "create": True},
    ]
    world = make_world(columns=columns, attributes=attributes)

    def row(i, **more):
        return customer(i) | {"big": 9_007_199_254_740_993 - i, "price": "1234.50", "seen": datetime.datetime(2024, 2, 29, 13, 14, 15),
                              "tags": ["a", "ü"], "home": {"city": "Zürich", "zip": "8001"}} | more

    world.put(row(1), row(2, lifetime_value=417.0), row(3, lifetime_value=1e300, tags=[], seen=None), row(4, lifetime_value=0.1))
    for i in range(1, 5):
        world.double.add_contact(email=f"user{i}@example.com")
    world.write_source()
    world.apply()
    report = world.run()
    assert report["status"] == "completed", report
    types = world.double.field_types()
    assert types == {"big": "long", "price": "double", "ltv": "double", "seen": "date", "tags": "string", "home": "object", "home.city": "string",
                     "home.zip": "string", "orderCountText": "string"}
    fields = world.contact("user2@example.com").fields
    assert fields == {"big": 9_007_199_254_740_991, "price": 1234.5, "ltv": 417.0, "seen": "2024-02-29 13:14:15 +00:00", "tags": ["a", "ü"],
                      "home": {"city": "Zürich", "zip": "8001"}, "orderCountText": "6"}
    assert type(fields["ltv"]) is float
    assert world.contact("user3@example.com").fields["ltv"] == 1e300
    assert world.contact("user4@example.com").fields["ltv"] == 0.1


def test_an_empty_segment_makes_an_empty_list(make_world):
    world = make_world()
    world.put(customer(1, vip=False))
    world.double.add_contact(email="user1@example.com")
    world.write_source()
    world.apply()
    report = world.run()
    assert report["status"] == "completed" and report["list"]["created"]
    assert world.members() == set()
    assert report["proof"]["by"] == "none"


def test_an_attribute_that_is_null_for_everybody_is_pending_and_filled_later(make_world):
    world = make_world()
    for i in range(1, 6):
        world.put(customer(i, born=None))
        world.double.add_contact(email=f"user{i}@example.com", firstName="Old")
    world.write_source()
    world.apply()
    report = world.run()
    assert report["fields_pending"] == ["birthDate"] and "birthDate" not in report["fields_created"]
    assert "birthDate" not in world.double.field_types()
    world.change(2, born=datetime.date(2000, 1, 2))
    world.write_source()
    report = world.run()
    assert report["fields_created"] == ["birthDate"] and report["fields_pending"] == []
    assert report["status"] == "completed"
    world.run()
    world.assert_right()


def test_a_project_that_drops_unknown_fields_is_told_and_nothing_is_claimed(make_world):
    """Where the project's setting drops new fields, they are made by the one call that may make them."""
    world = make_world(double={"unknown_fields": "drop"})
    for i in range(1, 6):
        world.put(customer(i))
        world.double.add_contact(email=f"user{i}@example.com", firstName="Old")
    world.write_source()
    world.apply()
    world.run()
    world.run()
    world.assert_right()


def test_a_mapped_field_that_is_not_there_and_not_to_be_created_is_left_out_and_named(make_world):
    world = make_world(attributes=[{"field": "first_name", "to": "firstName"}, {"field": "order_count", "to": "orderCount"}])
    for i in range(1, 4):
        world.put(customer(i))
        world.double.add_contact(email=f"user{i}@example.com", firstName="Old")
    world.write_source()
    world.apply()
    report = world.run()
    assert report["fields_pending"] == ["orderCount"] and report["fields_created"] == []
    assert "orderCount" not in world.double.field_types()
    world.double.define_field("orderCount", "long")
    world.run()
    world.assert_right()


def test_a_conflict_of_types_stops_the_run_before_anything_is_sent(make_world):
    world = make_world()
    for i in range(1, 4):
        world.put(customer(i))
        world.double.add_contact(email=f"user{i}@example.com", lifetimeValue="plenty", firstName="Old")
    world.write_source()
    world.apply()
    report = world.run(expect=1)
    assert world.double.write_calls() == []
    message = report["error"]["message"]
    assert "lifetimeValue" in message and "double" in message and "string" in message
    assert report["error"]["remedy"]
    assert world.double.lists_named(world.name) == []


@pytest.mark.parametrize("project_type", ["hybrid", "email"])
def test_an_address_that_iterable_alone_finds_wrong_is_counted_and_spoils_nothing(make_world, project_type):
    """Its form is good, its top-level domain does not exist. Nobody can be a contact under it; and it is no
    evidence about how the project treats absent people."""
    world = make_world(project_type, "email")
    world.put(customer(50, email="person@company.invalid"))
    for i in range(1, 30):
        world.put(customer(i))
        if i > 1:
            world.double.add_contact(email=f"user{i}@example.com", firstName="Old")
    world.write_source()
    world.apply()
    report = world.run()
    standing = report["standing"]
    assert standing["on_list"] == 28 and standing["not_a_contact"] + standing["rejected"] == 2
    assert report["proof"]["by"] == ("lookup" if project_type == "email" else "answer")
    assert report["warnings"] == []
    people = world.rollcall("rejects", report["run_id"], "--kind", "all", "--json").json
    assert {p["key"] for p in people} == {"person@company.invalid", "user1@example.com"}
    world.assert_right()
