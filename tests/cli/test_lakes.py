"""The company's data where DuckDB's extensions read it: the whole way from each place, what comes of odd values, and what
is refused."""

import json
import signal
import sqlite3

import pytest
from lakes import Delta, Iceberg, Sqlite, StoredDelta, StoredFiles
from mysql import Server as Mysql
from servers import a_whole_way, ended, living, wait_for
from servers import assert_next_run_is_right as next_run_is_right
from world import populate

PLACES = {"sqlite": Sqlite, "delta": Delta, "iceberg": Iceberg, "mysql": Mysql, "parquet in a store": lambda: StoredFiles("parquet"),
          "csv in a store": lambda: StoredFiles("csv"), "delta in a store": StoredDelta}


@pytest.fixture
def place(request):
    with living(PLACES[request.param]) as one:
        yield one


@pytest.fixture
def world(make_world, place):
    return make_world("hybrid", "email", server=place)


def places(*names):
    return pytest.mark.parametrize("place", names or PLACES, indirect=True)


@places()
def test_the_whole_way(world):
    a_whole_way(world)


def preview(world, sql=None, table=None, expect=0, **model):
    """The rows of a model, by way of a segment of everyone."""
    catalog = {"version": 1, "sources": [world.source_entry()],
               "models": [{"name": "m", "type": "users", "source": "shop", "primary_key": "id"} | ({"sql": sql} if sql else {"table": table}) | model],
               "segments": [{"name": "all", "model": "m", "where": {"all": []}}]}
    said = world.apply(catalog=catalog, expect=None)
    if said.code == 0:
        said = world.rollcall("preview", "all", "--json", expect=None)
    assert said.code == expect or (expect and said.code), str(said)
    return said.json["rows"] if expect == 0 else said.out + said.err


# --- Values.

@places("sqlite")
def test_sqlite_keeps_its_word(world, place):
    with sqlite3.connect(place.folder / "shop.db") as connection:
        connection.executescript("""
            CREATE TABLE odd (id INTEGER PRIMARY KEY, flag BOOLEAN, day DATE, at TIMESTAMP, n NUMERIC, x REAL, big BIGINT, b BLOB, name TEXT COLLATE NOCASE);
            INSERT INTO odd VALUES (1, 1, '2024-02-29', '2024-02-29 23:59:59.123456', 12.5, 1e300, 9223372036854775807, x'00ff', 'Émile'),
              (2, 0, NULL, NULL, NULL, NULL, -9223372036854775808, NULL, 'A'), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a')""")
    connection.close()
    rows = preview(world, table="odd")
    assert rows[0] == {"id": 1, "flag": True, "day": "2024-02-29", "at": "2024-02-29T23:59:59.123456Z", "n": 12.5, "x": 1e300,
                       "big": 9223372036854775807, "b": "00ff", "name": "Émile"}
    assert (rows[1]["flag"], rows[1]["big"], rows[2]["flag"]) == (False, -9223372036854775808, None)
    # A collation of the database is none of ours.
    catalog = json.loads((world.folder / "shop.yaml").read_text())
    for op, members in {"eq": [2], "ne": [1, 3]}.items():
        catalog["segments"][0]["where"] = {"field": "name", "op": op, "value": "A"}
        world.apply(catalog=catalog)
        assert [row["id"] for row in world.rollcall("preview", "all", "--json").json["rows"]] == members
    with sqlite3.connect(place.folder / "shop.db") as connection:
        connection.execute("INSERT INTO odd (id, day) VALUES (4, 'someday')")
    connection.close()
    catalog["segments"][0]["where"] = {"all": []}
    world.apply(catalog=catalog)
    said = world.rollcall("preview", "all", expect=2)
    assert "someday" not in said.err and "date" in said.err


def script(place, text):
    with sqlite3.connect(place.folder / "shop.db") as connection:
        connection.executescript(text)
    connection.close()


def chosen(world, rule):
    """Who is in the segment of the last preview, by its primary key."""
    catalog = json.loads((world.folder / "shop.yaml").read_text())
    catalog["segments"][0]["where"] = rule
    world.apply(catalog=catalog)
    return [row["id"] for row in world.rollcall("preview", "all", "--json").json["rows"]]


@places("sqlite")
def test_sqlite_columns_of_no_known_type_are_what_they_hold(world, place):
    script(place, """
        CREATE TABLE base (id INTEGER PRIMARY KEY, mail TEXT, n INT, x REAL, opens TIME, u UUID, wait INTERVAL, b BLOB, mixed);
        INSERT INTO base VALUES (1, 'Ann@x.de', 5, 0.1, '10:20:00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '1 day', 'text', 5),
          (2, 'Bob@x.de', 6, 0.30000000000000004, '11:20:00', 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', NULL, NULL, x'00ff');
        CREATE TABLE made AS SELECT id, lower(mail) AS mail, n + 1 AS n, x * 1 AS x, n || '' AS t, CASE id WHEN 2 THEN x'00ff' END AS b FROM base;
        CREATE VIEW seen AS SELECT id, lower(mail) AS mail, n + 1 AS n, x * 1 AS x FROM base""")
    assert preview(world, table="made") == [{"id": 1, "mail": "ann@x.de", "n": 6, "x": 0.1, "t": "5", "b": None},
                                            {"id": 2, "mail": "bob@x.de", "n": 7, "x": 0.30000000000000004, "t": "6", "b": "00ff"}]
    assert chosen(world, {"all": [{"field": "mail", "op": "starts_with", "value": "ann"}, {"field": "n", "op": "gt", "value": 5}]}) == [1]
    assert chosen(world, {"field": "b", "op": "eq", "value": "00ff"}) == [2]
    assert preview(world, table="seen")[1] == {"id": 2, "mail": "bob@x.de", "n": 7, "x": 0.30000000000000004}
    assert preview(world, table="base")[0] == {"id": 1, "mail": "Ann@x.de", "n": 5, "x": 0.1, "opens": "10:20:00", "wait": "1 day", "b": "text",
                                               "u": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "mixed": "5"}
    for rule, who in [({"field": "opens", "op": "starts_with", "value": "10:"}, [1]), ({"field": "u", "op": "ends_with", "value": "a11"}, [1, 2]),
                      ({"field": "mixed", "op": "eq", "value": "00ff"}, [2]), ({"field": "wait", "op": "is_blank"}, [2])]:
        assert chosen(world, rule) == who


@places("sqlite")
def test_a_sqlite_value_that_does_not_fit_is_an_error_where_it_is_read(world, place):
    script(place, """
        CREATE TABLE odd (id INTEGER PRIMARY KEY, name TEXT, day DATE, whole DATE, flag BOOLEAN, at TIMESTAMP, mixed DATETIME, millis TIMESTAMP);
        INSERT INTO odd VALUES (1, 'a', '2024-01-02 10:00:00', '2024-01-02 00:00:00', 2, '2024-01-02 10:00:00.5 +02:00', '2024-01-02 10:00:00Z', 1700000000000),
          (2, 'b', '2024-01-02', '2024-01-03', 1, '2024-01-02T10:00:00Z', '2024-01-02 10:00:00', NULL)""")
    fine = [{"name": name} for name in ("id", "name", "whole", "at")]
    assert preview(world, table="odd", fields=fine, tz="Europe/Paris") == [
        {"id": 1, "name": "a", "whole": "2024-01-02", "at": "2024-01-02T08:00:00.5Z"},
        {"id": 2, "name": "b", "whole": "2024-01-03", "at": "2024-01-02T10:00:00Z"}]
    for name, what in {"day": "times of day", "flag": "0 and 1", "mixed": "an offset", "millis": "seconds"}.items():
        said = preview(world, table="odd", fields=[{"name": "id"}, {"name": name}], expect=2)
        assert f"`{name}`" in said and what in said, said


@places("mysql")
def test_mysql_keeps_its_word(world, place):
    place.sql("""SET time_zone = '+02:00'; SET sql_mode = ''; USE shop;
        CREATE TABLE odd (id BIGINT PRIMARY KEY, flag BOOLEAN, day DATE, at DATETIME(6), instant TIMESTAMP(6) NULL, d DECIMAL(30,10), x DOUBLE, u BIGINT UNSIGNED,
          e ENUM('a','b'), s SET('p','q'), y YEAR, t TIME, b BLOB, j JSON, name VARCHAR(20), bits BIT(8), raw BINARY(2)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
        INSERT INTO odd VALUES (1, 1, '2024-02-29', '2024-02-29 23:59:59.123456', '2024-02-29 02:00:00.5', '12345678901234567890.1234567891', 1.5,
          18446744073709551615, 'b', 'p,q', 2024, '-01:02:03', x'00ff', '{"a": 1}', 'Émile 🎉', b'101', x'00ff'),
          (2, 0, '0000-00-00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'A', NULL, NULL),
          (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'a', NULL, NULL)""")
    rows = preview(world, table="odd", tz="Europe/Paris")
    assert rows[0] == {"id": 1, "flag": True, "day": "2024-02-29", "at": "2024-02-29T22:59:59.123456Z", "instant": "2024-02-29T00:00:00.5Z",
                       "d": "12345678901234567890.1234567891", "x": 1.5, "u": "18446744073709551615", "e": "b", "s": "p,q", "y": 2024,
                       "t": "-01:02:03", "b": "00ff", "j": '{"a": 1}', "name": "Émile 🎉", "bits": "05", "raw": "00ff"}
    for name, shown in {"e": "b", "s": "p,q", "t": "-01:02:03", "b": "00ff", "bits": "05", "raw": "00ff"}.items():
        assert chosen(world, {"field": name, "op": "starts_with", "value": shown}) == [1], name
        assert chosen(world, {"field": name, "op": "ne", "value": shown}) == [], name
    assert (rows[1]["flag"], rows[1]["day"]) == (False, None)
    catalog = json.loads((world.folder / "shop.yaml").read_text())
    for op, members in {"eq": [2], "ne": [1, 3]}.items():
        catalog["segments"][0]["where"] = {"field": "name", "op": op, "value": "A"}
        world.apply(catalog=catalog)
        assert [row["id"] for row in world.rollcall("preview", "all", "--json").json["rows"]] == members


COLUMNS = {"id": "BIGINT", "d": "DECIMAL(30,10)", "x": "DOUBLE", "day": "DATE", "at": "TIMESTAMP", "instant": "TIMESTAMPTZ", "tags": "VARCHAR[]",
           "who": "STRUCT(a INTEGER, b VARCHAR)"}


@places("delta", "iceberg", "delta in a store", "parquet in a store")
def test_lakes_keep_their_word(world, place):
    place.put_table("odd", COLUMNS, [], """VALUES (1, 12345678901234567890.1234567891, 'nan'::DOUBLE, DATE '2024-02-29', TIMESTAMP '2024-02-29 23:59:59.123456',
        TIMESTAMPTZ '2024-02-29 02:00:00.5+02', ['a', NULL, 'é'], {a: 1, b: 'x'}), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)""")
    rows = preview(world, table="odd")
    assert rows[0] == {"id": 1, "d": "12345678901234567890.1234567891", "x": "nan", "day": "2024-02-29", "at": "2024-02-29T23:59:59.123456Z",
                       "instant": "2024-02-29T00:00:00.5Z", "tags": ["a", None, "é"], "who": {"a": 1, "b": "x"}}
    assert set(rows[1].values()) == {2, None}


@places("parquet in a store")
def test_parquet_bytes_are_text_where_they_are(world, place):
    place.put_table("odd", {"id": "BIGINT", "mail": "BLOB", "raw": "BLOB", "both": "BLOB"}, [],
                    """VALUES (1, 'ann@x.de'::BLOB, '\\xFF\\x01'::BLOB, 'a'::BLOB), (2, ''::BLOB, 'ab'::BLOB, '\\xFF'::BLOB), (3, '\\xC3\\xA9'::BLOB, '\\xFE'::BLOB, 'b'::BLOB)""")
    fields = [{"name": "id"}, {"name": "mail"}, {"name": "raw"}]
    assert preview(world, table="odd", fields=fields) == [{"id": 1, "mail": "ann@x.de", "raw": "ff01"}, {"id": 2, "mail": "", "raw": "6162"}, {"id": 3, "mail": "é", "raw": "fe"}]
    assert chosen(world, {"field": "mail", "op": "ends_with", "value": "x.de"}) == [1]
    assert chosen(world, {"field": "raw", "op": "starts_with", "value": "ff"}) == [1]
    assert "`both`" in preview(world, table="odd", fields=[*fields, {"name": "both"}], expect=2)


@places("delta")
def test_a_table_may_be_the_path_itself(world, place):
    place.put_table("odd", {"id": "BIGINT"}, [], "VALUES (7)")
    place.source = lambda: {"kind": "delta", "path": str(place.folder / "odd")}
    assert preview(world, table="odd") == [{"id": 7}]


# --- What is refused.

@places("sqlite", "delta", "iceberg", "mysql", "parquet in a store")
def test_a_table_that_is_not_there_is_told_with_the_nearest(world, place):
    place.put_table("people", {"id": "BIGINT"}, [], "VALUES (7)")
    said = preview(world, table="peple", expect=1)
    assert "peple" in said
    if not hasattr(place, "secret"):  # a store is not listed to tell
        assert "people" in said


OUTSIDE = [
    "SELECT 1 AS id FROM sqlite_scan('/etc/passwd', 'x')", "SELECT * FROM mysql_execute('source', 'DROP TABLE people')",
    "SELECT * FROM MYSQL_QUERY('source', 'SELECT 1 AS id')", "SELECT * FROM sqlite_query('source', 'SELECT 1 AS id')",
    "SELECT 1 AS id FROM \"delta_scan\"('/tmp')", "WITH t AS (SELECT * FROM iceberg_scan('/tmp')) SELECT 1 AS id FROM t",
    "SELECT * FROM query('SELECT 1 AS id FROM delta_scan(''/tmp'')')", "SELECT 1 AS id WHERE EXISTS (FROM read_csv('/etc/passwd'))",
    "SELECT 1 AS id FROM '/etc/passwd'", "SELECT 1 AS id; DROP TABLE people", "DROP TABLE people", "COPY people TO '/tmp/stolen'"]


@places("sqlite", "delta", "iceberg", "mysql", "parquet in a store")
def test_a_query_reaches_nothing_but_the_source(world, place):
    place.put_table("people", {"id": "BIGINT"}, [], "VALUES (7)")
    for sql in OUTSIDE:
        said = preview(world, sql=sql, expect=1)
        assert "root:" not in said
    assert preview(world, table="people") == [{"id": 7}]


@places("mysql")
def test_a_wrong_password_is_said_and_not_shown(world, place):
    populate(world)
    world.write_source()
    catalog = world.catalog()
    world.env["SHOP_PASSWORD"] = "n0t-the-one"
    world.apply(catalog=catalog)
    said = world.rollcall("run", world.name, expect=1)
    assert "does not let us in" in said.err and "n0t-the-one" not in said.err
    assert world.double.write_calls() == []


@places("mysql", "parquet in a store")
def test_a_place_that_is_away_fails_the_run(world, place):
    populate(world)
    world.write_source()
    world.apply()
    place.stop()
    said = world.rollcall("run", world.name, expect=1, timeout=300)
    assert "shop" in said.err
    assert world.double.write_calls() == []


def start_slow_run(world, place):
    """A run that is reading a view whose rows come slowly."""
    populate(world)
    world.write_source()
    place.sql("USE shop; CREATE OR REPLACE VIEW slow AS SELECT *, SLEEP(1) AS filler FROM people")
    catalog = world.catalog()
    catalog["models"][0]["table"] = "slow"
    catalog["activations"][0]["attributes"] = [{"field": "first_name", "to": "firstName"}, {"field": "filler", "to": "filler", "create": True, "type": "long"}]
    world.apply(catalog=catalog)
    run = world.start("run", world.name, "--json")
    wait_for(lambda: "filler" in place.sql("SELECT info FROM information_schema.processlist WHERE user = 'reader'").lower())
    return run


@places("mysql")
def test_a_server_killed_in_mid_read_sends_nothing_and_the_next_run_is_right(world, place):
    run = start_slow_run(world, place)
    place.stop(signal.SIGKILL)
    code, said = ended(run)
    assert code == 1, said
    place.start()
    next_run_is_right(world)


@places("mysql")
def test_an_interrupted_run_ends(world, place):
    run = start_slow_run(world, place)
    run.send_signal(signal.SIGINT)
    code, said = ended(run)
    assert code == 130, said
    next_run_is_right(world)
