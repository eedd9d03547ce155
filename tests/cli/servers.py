"""What the tests over a real server share: its life, the whole way over it, and how a run ended."""

import contextlib
import time

import pytest
from world import World, a_day_of_changes, populate


@contextlib.contextmanager
def living(make):
    """A server, or another place that a source may be at, for as long as the block lasts."""
    one = make()
    try:
        one.create()
        yield one
    finally:
        one.remove()


def served_by(make):
    """A fixture: one server for all tests of a module."""
    @pytest.fixture(scope="module")
    def server():
        with living(make) as one:
            yield one

    return server


@pytest.fixture
def world(make_world, server) -> World:
    return make_world("hybrid", "email", server=server)


def wait_for(what, seconds=30):
    for _ in range(seconds * 20):
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came")


def a_whole_way(world):
    populate(world)
    world.write_source()
    catalog = world.catalog()
    catalog["models"][0]["computed"] = [{"name": "shout", "formula": "upper(trim(first_name)) || '!'"}]
    catalog["segments"].append({"name": "Readers", "model": "customers", "where": {"field": "newsletter", "op": "is_true"}})
    world.apply(catalog=catalog)
    assert world.rollcall("apply", str(world.folder / "shop.yaml")).out == "Nothing to change; 6 unchanged.\n"
    exported = world.rollcall("export").out
    assert world.server.source()["kind"] in exported
    assert ("${SHOP_PASSWORD}" in exported) == bool(world.server.password)
    world.rollcall("check")
    assert world.rollcall("count", "Lapsed VIPs", "--json").json["members"] == 30
    by = world.rollcall("count", "Lapsed VIPs", "--by", "newsletter", "--json").json["values"]
    assert {one["value"]: one["members"] for one in by} == {
        flag: sum(row["newsletter"] is flag for row in world.segment_rows()) for flag in {row["newsletter"] for row in world.segment_rows()}}
    shared = world.rollcall("overlap", "Lapsed VIPs", "Readers", "--json").json
    assert shared["both"] == sum(row["newsletter"] is True for row in world.segment_rows())
    assert shared["members"] == [30, sum(row["newsletter"] is True for row in world.rows)]
    # In the order of the primary key, which is text where a file does not say what it is.
    preview = world.rollcall("preview", "Lapsed VIPs", "--limit", "2", "--json").json["rows"]
    ids = {str(row["customer_id"]) for row in world.segment_rows()}
    assert [row["shout"] for row in preview] == [f"NAME {row['customer_id']}!" for row in preview]
    assert len(preview) == 2 and {str(row["customer_id"]) for row in preview} <= ids
    assert '"people"' in world.rollcall("sql", "Lapsed VIPs").out
    report = world.run()
    assert report["status"] == "completed"
    assert report["segment"] == world.expected_counts()
    world.assert_right()

    a_day_of_changes(world)
    world.write_source()
    assert world.run()["status"] == "completed"
    world.assert_right()
    again = world.run()
    assert again["changes"]["entered"] == again["changes"]["left"] == again["changes"]["changed"] == 0
    world.assert_right()


def ended(run):
    try:
        out, err = run.communicate(timeout=60)
    finally:
        run.kill()  # what hangs would have the next test find it there
    assert "AddressSanitizer" not in err.decode()
    return run.returncode, out.decode() + err.decode()


def assert_next_run_is_right(world):
    assert world.double.write_calls() == []
    world.apply()
    assert world.run()["status"] == "completed"
    world.assert_right()
