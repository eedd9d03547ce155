"""Types and values, from the column to Iterable and back to `check` and `why`."""

import sqlite3

import duckdb
import pytest


def catalog(world, attributes=(), match_key=None, where=None, source=None, **model):
    return {"version": 1, "sources": [{"name": "s"} | (source or {"kind": "duckdb", "path": str(world.folder / "s.duckdb")})],
            "models": [{"name": "people", "type": "users", "source": "s", "table": "people", "primary_key": "id"} | model],
            "segments": [{"name": "S", "model": "people", "where": where or {"all": []}}],
            "destinations": world.catalog()["destinations"],
            "activations": [{"segment": "S", "destination": "Iterable", "match_key": match_key or {"type": "user_id", "field": "uid"},
                             "attributes": list(attributes)}]}


def put(world, select):
    (world.folder / "s.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(world.folder / "s.duckdb")) as connection:
        connection.execute(f"CREATE TABLE people AS {select}")


@pytest.fixture
def world(make_world):
    return make_world("hybrid", "user_id")


def run(world):
    return world.rollcall("run", "S", "--json").json


@pytest.mark.parametrize("value, key", [
    ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), ("DATE '2010-11-12'", "2010-11-12"),
    ("1000.0::DOUBLE", "1000"), ("1000.5::FLOAT", "1000.5"), ("12.50::DECIMAL(6,2)", "12.50"), ("true", "true"), ("TIME '10:20:00'", "10:20:00"),
    ("TIMESTAMP '2010-11-12 10:20:00'", "2010-11-12T10:20:00Z"), ("'\\xFF\\x01'::BLOB", "ff01"), ("'on'::ENUM('on', 'off')", "on"), ("7::HUGEINT", "7"),
])
def test_a_key_is_sent_as_it_is_shown_and_why_finds_it(world, value, key):
    put(world, f"SELECT 1 AS id, {value} AS uid, 'Ann' AS first")
    world.double.add_contact(user_id=key)
    world.double.add_contact(user_id="14925")
    world.apply(catalog=catalog(world))
    assert world.rollcall("preview", "S", "--json").json["rows"][0]["uid"] in (key, True, 1000.0, 1000.5)
    assert run(world)["outcomes"]["added"] == 1
    why = world.rollcall("why", "S", key, "--json").json
    assert (why["in_model"], why["in_segment"], why["state"], why["primary_keys"]) == (True, True, "on_list", ["1"])
    assert why["next_run"].startswith("nothing") and run(world)["changes"]["left"] == 0
    assert world.rollcall("why", "S", "14925", "--json").json["state"] == "unknown_to_ledger"
    put(world, f"SELECT 1 AS id, {value} AS uid, 'Ann' AS first WHERE false")
    assert world.rollcall("why", "S", key, "--json").json["next_run"] == "removed from the list"


def test_numbers_of_32_bits_and_json_arrive_as_they_are_written(world):
    put(world, """SELECT 1 AS id, 'U1' AS uid, 19.99::FLOAT AS score, [0.1::FLOAT] AS scores, '["a","b"]'::JSON AS tags, '5'::JSON AS five,
                  'null'::JSON AS nothing, '"x"'::JSON AS word""")
    world.double.add_contact(user_id="U1")
    to = ("score", "scores", "tags", "five", "nothing", "word")
    world.apply(catalog=catalog(world, [{"field": name, "to": name, "create": True} for name in to]))
    world.double.define_field("word", "long")
    assert "`word` is of type long for ever, and 1 value of `word` cannot be" in world.rollcall("check", "S", expect=1).out
    world.double.state.types.pop("word")
    said = world.rollcall("check", "S").out
    assert "new fields, created with the first value that is sent: " + ", ".join(to) in said
    run(world)
    fields = world.double.contact(user_id="U1").fields
    assert {name: fields.get(name) for name in to} == {"score": 19.99, "scores": [0.1], "tags": ["a", "b"], "five": 5, "nothing": None, "word": "x"}
    types = world.double.field_types()
    assert {name: types.get(name) for name in to} == {"score": "double", "scores": "double", "tags": "string", "five": "long", "nothing": None,
                                                      "word": "string"}


def test_check_and_apply_find_what_a_run_refuses(world):
    put(world, "SELECT 1 AS id, 'U1' AS uid, ['x'] AS tags, 'a' AS word, '\\xFF'::BLOB AS raw")
    refused = world.apply(catalog=catalog(world, match_key={"type": "user_id", "field": "tags"}), expect=2)
    assert "`tags` is of type list, which names nobody" in refused.err
    refused = world.apply(catalog=catalog(world, where={"field": "word", "op": "matches", "value": "("}), expect=None)
    assert "missing )" in refused.err or "missing closing" in refused.err
    # What shows in the data alone.
    with sqlite3.connect(world.folder / "s.db") as connection:
        connection.executescript("CREATE TABLE people (id INTEGER PRIMARY KEY, uid TEXT, day DATE); INSERT INTO people VALUES (1, 'U1', '2024-01-02 10:00:00')")
    connection.close()
    lite = {"kind": "sqlite", "path": str(world.folder / "s.db")}
    world.apply(catalog=catalog(world, [{"field": "day", "to": "day", "create": True}], source=lite))
    assert "`day`" in world.rollcall("check", "S", expect=1).out
    assert "`day`" in world.rollcall("run", "S", expect=None).err
    with sqlite3.connect(world.folder / "s.db") as connection:
        connection.executescript("DROP TABLE people; CREATE TABLE people (id INTEGER PRIMARY KEY, uid TEXT, day INTEGER); INSERT INTO people VALUES (1, 'U1', 'Anna')")
    connection.close()
    for refused in (world.rollcall("check", "S", expect=1).out, world.rollcall("run", "S", expect=None).err):
        assert "column `day` is declared as integer, and holds a value of type text" in refused and "Anna" not in refused


def test_what_an_older_program_stored_locks_nothing(world):
    put(world, "SELECT 1 AS id, 'U1' AS uid")
    world.double.add_contact(user_id="U1")
    world.apply(catalog=catalog(world, tz="Japan"))
    assert run(world)["status"] == "completed"
    with sqlite3.connect(world.home / "rollcall.db") as connection:
        assert connection.execute("UPDATE object SET json = replace(json, '\"Japan\"', '\"Mars/Base\"') WHERE kind = 'model'").rowcount == 1
    connection.close()
    assert "Mars/Base" in world.rollcall("count", "S", expect=2).err
    assert "Mars/Base" in world.rollcall("run", "S", expect=2).err
    assert "Mars/Base" in world.rollcall("check", expect=1).out
    assert "Mars/Base" in world.rollcall("export").out
    world.rollcall("status")
    others = catalog(world)
    others["models"], others["segments"], others["activations"] = [], [], []
    world.apply(catalog=others)
    assert "Mars/Base" in world.rollcall("export").out
    assert "changed" in world.apply(catalog=catalog(world, tz="Asia/Tokyo")).out
    assert world.rollcall("count", "S", "--json").json
    with sqlite3.connect(world.home / "rollcall.db") as connection:
        connection.execute("UPDATE object SET json = replace(json, 'Asia/Tokyo', 'Mars/Base') WHERE kind = 'model'")
    connection.close()
    world.apply("--prune", catalog=others)
    assert "Mars/Base" not in world.rollcall("export").out
