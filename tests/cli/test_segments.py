"""Segments looked at: their size, of what they are made, what they share; and who is never on a list."""

import pytest
from world import World, customer, populate


@pytest.fixture
def world(make_world) -> World:
    world = make_world("hybrid", "email")
    populate(world, people=40)
    world.change(6, first_name="Ann")
    world.change(7, first_name="Ann")
    world.change(10, first_name=None)
    world.write_source()
    world.catalog_with = world.catalog()
    world.catalog_with["segments"] += [
        {"name": "Readers", "model": "customers", "where": {"field": "newsletter", "op": "is_true"}},
        {"name": "Nobody", "model": "customers", "where": {"field": "customer_id", "op": "lt", "value": 0}},
    ]
    world.apply(catalog=world.catalog_with)
    return world


def test_counts_by_a_field(world):
    members = world.segment_rows()
    report = world.rollcall("count", "Lapsed VIPs", "--by", "first_name", "--limit", "2", "--json").json
    assert report["members"] == len(members)
    assert report["values"][0] == {"value": "Ann", "members": 2, "share": 2 / len(members)}
    assert len(report["values"]) == 2 and report["values"][1]["members"] == 1
    assert report["others"] == len(members) - 3
    by_flag = world.rollcall("count", "Lapsed VIPs", "--by", "newsletter", "--json").json
    assert {v["value"]: v["members"] for v in by_flag["values"]} == {
        flag: sum(row["newsletter"] is flag for row in members) for flag in (True, False)}
    assert by_flag["others"] == 0
    text = world.rollcall("count", "Lapsed VIPs", "--by", "first_name").out
    assert "Ann" in text and "(others)" in text and "█" in text
    assert "(null)" in world.rollcall("count", "Lapsed VIPs", "--by", "first_name", "--limit", "100").out
    assert "did you mean `first_name`" in world.rollcall("count", "Lapsed VIPs", "--by", "firstname", expect=2).err
    assert world.rollcall("count", "Nobody", "--by", "first_name", "--json").json["values"] == []


def test_tells_what_two_segments_share(world):
    vips = {row["customer_id"] for row in world.segment_rows()}
    readers = {row["customer_id"] for row in world.rows if row["newsletter"]}
    report = world.rollcall("overlap", "Lapsed VIPs", "Readers", "--json").json
    assert report["members"] == [len(vips), len(readers)]
    assert report["both"] == len(vips & readers)
    assert report["only"] == [len(vips - readers), len(readers - vips)]
    assert report["either"] == len(vips | readers)
    assert "both" in world.rollcall("overlap", "Lapsed VIPs", "Readers").out
    assert world.rollcall("overlap", "Lapsed VIPs", "Nobody", "--json").json["both"] == 0


def test_remembers_how_large_it_was(world):
    before = len(world.segment_rows())
    world.rollcall("count", "Lapsed VIPs")
    world.change(6, vip=False)
    world.write_source()
    world.run()
    sizes = world.rollcall("count", "Lapsed VIPs", "--history", "--json").json["sizes"]
    assert [(one["members"], one["by"]) for one in sizes] == [(before, "count"), (before - 1, "run")]
    assert "█" in world.rollcall("count", "Lapsed VIPs", "--history").out
    assert "never counted" in world.rollcall("count", "Readers", "--history").err


def test_the_excluded_are_on_no_list_of_the_destination(world):
    world.run()
    excluded = {f"user{row['customer_id']}@example.com" for row in world.rows if row["newsletter"]}
    assert world.members() & excluded
    world.catalog_with["destinations"][0]["exclusions"] = ["Readers"]
    world.catalog_with["activations"][0]["guard"] = {"max_removed_share": 1}
    world.apply(catalog=world.catalog_with)
    report = world.run()
    assert report["outcomes"]["removed"] > 0
    assert world.members() == world.expected_members() - excluded
    done = world.rollcall("why", "Lapsed VIPs", sorted(excluded & world.expected_members())[0])
    assert "no   not in segment `Readers`" in done.out
    # Taken back, they are on it again.
    del world.catalog_with["destinations"][0]["exclusions"]
    world.apply(catalog=world.catalog_with)
    world.run()
    assert world.members() == world.expected_members()


def test_an_exclusion_must_be_of_the_same_model(world):
    catalog = world.catalog_with
    catalog["models"].append(catalog["models"][0] | {"name": "others"})
    catalog["segments"].append({"name": "Others", "model": "others", "where": {"all": []}})
    catalog["destinations"][0]["exclusions"] = ["Others"]
    done = world.apply(catalog=catalog, expect=2)
    assert "the exclusion `Others` of `Iterable` is of the model `others`" in done.err
    catalog["destinations"][0]["exclusions"] = ["Reader"]
    assert "did you mean `Readers`" in world.apply(catalog=catalog, expect=2).err


def rows_with_repeats(make_world, repeats: int) -> World:
    world = make_world("hybrid", "email")
    rows = [customer(i) for i in range(1, 101)]
    for i in range(repeats):
        rows[50 + i]["customer_id"] = 1
    world.rows = rows
    for i in range(1, 101):
        world.double.add_contact(email=f"user{i}@example.com", user_id=f"U{i}")
    world.write_source()
    return world


def test_a_key_that_hardly_repeats_is_mentioned(make_world):
    world = rows_with_repeats(make_world, 3)
    done = world.apply()
    assert "rows that repeat a key: 3 of 100 (3 %), e.g. `1` (4×)" in done.err
    report = world.run()
    assert any("repeat a key" in warning for warning in report["warnings"])
    findings = world.rollcall("check", "customers", "--json").json["findings"]
    assert [one["level"] for one in findings] == ["warning"]


def test_a_key_that_repeats_is_refused_with_examples(make_world):
    world = rows_with_repeats(make_world, 6)
    done = world.apply(expect=2)
    assert "primary key `customer_id`: rows that repeat a key: 6 of 100 (6 %), e.g. `1` (7×)" in done.err
    # It was a key once, and is none any more: nothing is sent.
    good = [row for row in world.rows]
    world.rows = [row | {"customer_id": i} for i, row in enumerate(good, 1)]
    world.write_source()
    world.apply()
    world.run()
    world.rows = good
    world.write_source()
    world.double.clear_log()
    report = world.run(expect=2)
    assert "repeat a key" in report["error"]["message"]
    assert world.double.write_calls() == []
