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
    assert "customer_id integer, email text, spent number, country text" in done.out
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
