"""Another shop, of records, in every kind of place that has tables: a segment's members are those of SQL written by hand."""

import random
from datetime import date, datetime, timedelta

import duckdb
import mysql
import postgres
import pytest
import trino
from lakes import Delta, Iceberg, Sqlite
from servers import living
from world import World

TABLES = {
    "artists": {"artist_id": "BIGINT", "name": "VARCHAR"},
    "albums": {"album_id": "BIGINT", "title": "VARCHAR", "artist_id": "BIGINT"},
    "genres": {"genre_id": "BIGINT", "name": "VARCHAR"},
    "tracks": {"track_id": "BIGINT", "name": "VARCHAR", "album_id": "BIGINT", "genre_id": "BIGINT", "milliseconds": "BIGINT", "unit_price": "DECIMAL(10,2)"},
    "playlists": {"playlist_id": "BIGINT", "name": "VARCHAR"},
    "playlist_track": {"playlist_id": "BIGINT", "track_id": "BIGINT"},
    "employees": {"employee_id": "BIGINT", "last_name": "VARCHAR", "title": "VARCHAR", "reports_to": "BIGINT", "hired": "DATE"},
    "customers": {"customer_id": "BIGINT", "first_name": "VARCHAR", "last_name": "VARCHAR", "company": "VARCHAR", "country": "VARCHAR",
                  "email": "VARCHAR", "support_rep_id": "BIGINT", "born": "DATE", "newsletter": "BOOLEAN"},
    "invoices": {"invoice_id": "BIGINT", "customer_id": "BIGINT", "invoice_date": "TIMESTAMP", "billing_country": "VARCHAR", "total": "DECIMAL(10,2)"},
    "invoice_lines": {"line_id": "BIGINT", "invoice_id": "BIGINT", "track_id": "BIGINT", "unit_price": "DECIMAL(10,2)", "quantity": "BIGINT"},
}


def draw() -> dict[str, list[dict]]:
    dice = random.Random(7)

    def maybe(value, one_in=5):
        return None if dice.randrange(one_in) == 0 else value

    countries = ["Brazil", "Germany", "USA", "Česko", "Norway", "usa"]
    rows = {
        "artists": [{"artist_id": i, "name": f"Artist {i}"} for i in range(1, 9)],
        "genres": [{"genre_id": i, "name": name} for i, name in enumerate(["Rock", "Jazz", "Metal", "Bossa Nova", "R&B/Soul"], 1)],
        "albums": [{"album_id": i, "title": f"Album {i}'s", "artist_id": dice.randint(1, 8)} for i in range(1, 21)],
        "tracks": [{"track_id": i, "name": f"Track {i}", "album_id": maybe(dice.randint(1, 20)), "genre_id": maybe(dice.randint(1, 5), 12),
                    "milliseconds": dice.randint(60_000, 600_000), "unit_price": dice.choice(["0.99", "1.99"])} for i in range(1, 81)],
        "playlists": [{"playlist_id": i, "name": name} for i, name in enumerate(["Classics", "Gym 100%", "Sleep", "Empty"], 1)],
        "employees": [{"employee_id": i, "last_name": f"Boss{i}", "title": dice.choice(["Sales Support Agent", "Sales Manager"]),
                       "reports_to": None if i == 1 else dice.randint(1, i - 1), "hired": date(2001 + i, 2, 28)} for i in range(1, 7)],
        "customers": [{"customer_id": i, "first_name": dice.choice(["Ana", "Łukasz", "O'Neil", "zoë"]), "last_name": f"Name{i}",
                       "company": maybe(dice.choice(["Apple", "", " ", "Google\tInc."]), 2), "country": maybe(dice.choice(countries), 9),
                       "email": f"c{i}@{dice.choice(['gmail.com', 'example.org', 'GMAIL.com'])}", "support_rep_id": maybe(dice.randint(1, 7)),
                       "born": maybe(date(1950, 1, 1) + timedelta(days=dice.randrange(20000))), "newsletter": maybe(dice.random() < 0.5)} for i in range(1, 61)],
    }
    pairs = {(dice.randint(1, 3), dice.randint(1, 80)) for _ in range(60)}
    rows["playlist_track"] = [{"playlist_id": p, "track_id": t} for p, t in sorted(pairs)]
    rows["invoices"] = [{"invoice_id": i, "customer_id": dice.randint(1, 50), "invoice_date": maybe(datetime(2024, 1, 1) + timedelta(seconds=dice.randrange(86400 * 700)), 15),
                         "billing_country": maybe(dice.choice(countries)), "total": maybe(f"{dice.randrange(100, 2600) / 100:.2f}", 12)} for i in range(1, 201)]
    rows["invoice_lines"] = [{"line_id": i, "invoice_id": dice.randint(1, 200), "track_id": dice.randint(1, 80), "unit_price": dice.choice(["0.99", "1.99"]),
                              "quantity": dice.randint(1, 3)} for i in range(1, 501)]
    return rows


def belongs_to(name, model, key, foreign_key):
    return {"name": name, "kind": "belongs_to", "model": model, "key": key, "foreign_key": foreign_key}


def has_many(name, model, key, foreign_key):
    return {"name": name, "kind": "has_many", "model": model, "key": key, "foreign_key": foreign_key}


def model(name, primary_key, **more):
    return {"name": name, "type": "custom", "source": "music", "table": name, "primary_key": primary_key} | more


MODELS = [
    model("artists", "artist_id"),
    model("genres", "genre_id"),
    model("albums", "album_id", relations=[belongs_to("artist", "artists", "artist_id", "artist_id")]),
    model("playlists", "playlist_id"),
    model("playlist_track", "playlist_id"),
    model("tracks", "track_id", relations=[
        belongs_to("genre", "genres", "genre_id", "genre_id"), belongs_to("album", "albums", "album_id", "album_id"),
        {"name": "playlists", "kind": "many_to_many", "model": "playlists", "key": "track_id", "foreign_key": "playlist_id",
         "through": "playlist_track", "through_key": "track_id", "through_foreign_key": "playlist_id"}]),
    model("employees", "employee_id", relations=[belongs_to("boss", "employees", "reports_to", "employee_id")]),
    model("invoice_lines", "line_id", type="events", relations=[belongs_to("track", "tracks", "track_id", "track_id")]),
    model("invoices", "invoice_id", type="events", tz="Europe/Paris", relations=[has_many("lines", "invoice_lines", "invoice_id", "invoice_id")],
          computed=[{"name": "pieces", "aggregate": "sum", "relation": "lines", "field": "quantity"}]),
    model("customers", "customer_id", type="users",
          relations=[has_many("invoices", "invoices", "customer_id", "customer_id"), belongs_to("rep", "employees", "support_rep_id", "employee_id")],
          computed=[
              {"name": "spent", "aggregate": "sum", "relation": "invoices", "field": "total"},
              {"name": "lands", "aggregate": "count_distinct", "relation": "invoices", "field": "billing_country"},
              {"name": "last_bought", "aggregate": "max", "relation": "invoices", "field": "invoice_date"},
              {"name": "large", "aggregate": "count", "relation": "invoices", "where": {"field": "total", "op": "gte", "value": 20}},
              {"name": "full_name", "formula": "upper(first_name) || ' ' || last_name"},
              {"name": "tier", "cases": [{"when": {"field": "spent", "op": "gte", "value": 60}, "then": "gold"},
                                         {"when": {"field": "spent", "op": "gt", "value": 0}, "then": "silver"}, {"then": "none"}]},
              {"name": "rep_title", "related": "rep", "field": "title"},
          ]),
]


def related(relation, where=None, **more):
    return {"related": relation} | more | ({"where": where} if where else {})


def field(name, op, value=None, **more):
    return {"field": name, "op": op} | ({} if value is None else {"value": value}) | more


INVOICE_OF = "EXISTS (SELECT 1 FROM invoices i WHERE i.customer_id = c.customer_id AND {})"
LINES_WITH = "(SELECT count(*) FROM invoice_lines l WHERE l.invoice_id = i.invoice_id AND {})"
SPENT = "(SELECT coalesce(sum(total), 0) FROM invoices i WHERE i.customer_id = c.customer_id)"

# Name: rule, and the condition of customers c that says the same.
SEGMENTS = {
    "Gmail": (field("email", "ends_with", "@gmail.com", ignore_case=True), "lower(c.email) LIKE '%@gmail.com'"),
    "Abroad": (field("country", "not_in", ["USA", "Brazil"]), "c.country NOT IN ('USA', 'Brazil')"),
    "Usa": (field("country", "eq", "USA", ignore_case=True), "lower(c.country) = 'usa'"),
    "No company": (field("company", "is_blank"), "coalesce(trim(c.company), '') = ''"),
    "Czech": ({"all": [field("country", "matches", "^Č"), {"none": [field("newsletter", "is_true")]}]},
              "c.country LIKE 'Č%' AND c.newsletter IS NOT TRUE"),
    "Rock twice": (related("invoices", related("lines", related("track", related("genre", field("name", "eq", "Rock"))), count={"op": "gte", "value": 2})),
                   INVOICE_OF.format(LINES_WITH.format("EXISTS (SELECT 1 FROM tracks t JOIN genres g USING (genre_id) WHERE t.track_id = l.track_id AND g.name = 'Rock')") + " >= 2")),
    "Gym": (related("invoices", related("lines", related("track", related("playlists", field("name", "contains", "100%"))))),
            INVOICE_OF.format(LINES_WITH.format("EXISTS (SELECT 1 FROM playlist_track p JOIN playlists y USING (playlist_id) WHERE p.track_id = l.track_id AND y.name = 'Gym 100%')") + " > 0")),
    "By artist": (related("invoices", related("lines", related("track", related("album", related("artist", field("name", "in", ["Artist 1", "Artist 2"])))))),
                  INVOICE_OF.format(LINES_WITH.format("EXISTS (SELECT 1 FROM tracks t JOIN albums a USING (album_id) WHERE t.track_id = l.track_id AND a.artist_id IN (1, 2))") + " > 0")),
    "No invoice": (related("invoices", count={"op": "eq", "value": 0}), "NOT " + INVOICE_OF.format("TRUE")),
    "Few in 2025": (related("invoices", field("invoice_date", "between", ["2025-01-01", "2025-12-31"]), count={"op": "between", "value": [1, 2]}),
                    "(SELECT count(*) FROM invoices i WHERE i.customer_id = c.customer_id AND i.invoice_date >= '2025-01-01' AND i.invoice_date < '2026-01-01') BETWEEN 1 AND 2"),
    "Big spenders": (related("invoices", sum={"field": "total", "op": "gt", "value": 45.5}), SPENT + " > 45.5"),
    "Small average": (related("invoices", field("billing_country", "ne", "USA"), avg={"field": "total", "op": "lt", "value": 12}),
                      "(SELECT avg(total) FROM invoices i WHERE i.customer_id = c.customer_id AND billing_country <> 'USA') < 12"),
    "One land": (related("invoices", count_distinct={"field": "billing_country", "op": "eq", "value": 1}),
                 "(SELECT count(DISTINCT billing_country) FROM invoices i WHERE i.customer_id = c.customer_id) = 1"),
    "Lately": (related("invoices", max={"field": "invoice_date", "op": "after", "value": "2025-09-30"}),
               "(SELECT max(invoice_date) FROM invoices i WHERE i.customer_id = c.customer_id) >= '2025-10-01'"),
    "Many pieces": (related("invoices", field("pieces", "gte", 9)), INVOICE_OF.format("(SELECT sum(quantity) FROM invoice_lines l WHERE l.invoice_id = i.invoice_id) >= 9")),
    "Gold": (field("tier", "eq", "gold"), SPENT + " >= 60"),
    "Three lands": (field("lands", "gte", 3), "(SELECT count(DISTINCT billing_country) FROM invoices i WHERE i.customer_id = c.customer_id) >= 3"),
    "Gone quiet": (field("last_bought", "before", "2025-06-01"), "(SELECT max(invoice_date) FROM invoices i WHERE i.customer_id = c.customer_id) < '2025-06-01'"),
    "Large twice": (field("large", "gte", 2), "(SELECT count(*) FROM invoices i WHERE i.customer_id = c.customer_id AND total >= 20) >= 2"),
    "Shouted": (field("full_name", "starts_with", "ŁUKASZ Name1"), "c.first_name = 'Łukasz' AND c.last_name LIKE 'Name1%'"),
    "Managed": (field("rep_title", "eq", "Sales Manager"), "EXISTS (SELECT 1 FROM employees e WHERE e.employee_id = c.support_rep_id AND e.title = 'Sales Manager')"),
    "Boss of rep": (related("rep", related("boss", field("hired", "before", "2004-01-01"))),
                    "EXISTS (SELECT 1 FROM employees e JOIN employees b ON b.employee_id = e.reports_to WHERE e.employee_id = c.support_rep_id AND b.hired < '2004-01-01')"),
    "Young": (field("born", "between", ["1980-01-01", "1999-12-31"]), "c.born BETWEEN '1980-01-01' AND '1999-12-31'"),
    "One summer day": (related("invoices", field("invoice_date", "on", "2024-07-02")), INVOICE_OF.format("CAST(i.invoice_date AS date) = '2024-07-02'")),
    "Gold and gmail": ({"all": [{"in_segment": "Gold"}, {"in_segment": "Gmail"}]}, SPENT + " >= 60 AND lower(c.email) LIKE '%@gmail.com'"),
    "Neither": ({"all": [{"not_in_segment": "Gold"}, {"none": [field("country", "is_not_null"), field("newsletter", "is_false")]}]},
                SPENT + " < 60 AND c.country IS NULL AND c.newsletter IS NOT FALSE"),
    "Nobody": ({"any": []}, "FALSE"),
    "Everybody": ({"all": []}, "TRUE"),
}


@pytest.fixture(scope="module")
def music():
    """The rows, and a DuckDB that answers the SQL written by hand."""
    rows = draw()
    connection = duckdb.connect(":memory:")
    fill(connection, rows)
    return rows, connection


def fill(connection, rows):
    for name, columns in TABLES.items():
        connection.execute(f"CREATE TABLE {name} (" + ", ".join(f"{n} {t}" for n, t in columns.items()) + ")")
        one = "(" + ", ".join(f"CAST(? AS {t})" for t in columns.values()) + ")"  # all in one statement: each takes a millisecond and more
        connection.execute(f"INSERT INTO {name} VALUES " + ", ".join([one] * len(rows[name])), [row[n] for row in rows[name] for n in columns])


SERVERS = {"postgres": postgres.Server, "trino": trino.Server, "mysql": mysql.Server, "sqlite": Sqlite, "delta": Delta, "iceberg": Iceberg}


@pytest.fixture(params=["duckdb", *SERVERS])
def shop(request, music, make_world) -> World:
    rows, _ = music
    if request.param not in SERVERS:
        world = make_world("hybrid", "email")
        with duckdb.connect(str(world.folder / "music.duckdb")) as connection:
            fill(connection, rows)
        yield world, {"kind": "duckdb", "path": "music.duckdb"}
        return
    with living(SERVERS[request.param]) as server:
        for name, columns in TABLES.items():
            server.put_table(name, columns, rows[name])
        world = make_world("hybrid", "email", server=server)
        yield world, world.source_entry()


def test_members_are_those_of_sql_written_by_hand(shop, music):
    world, source = shop
    _, by_hand = music
    world.apply(catalog={
        "version": 1,
        "sources": [source | {"name": "music"}],
        "models": MODELS,
        "segments": [{"name": name, "model": "customers", "where": rule} for name, (rule, _) in SEGMENTS.items()],
    })
    wrong = {}
    for name, (_, condition) in SEGMENTS.items():
        rows = world.rollcall("preview", name, "--limit", "1000", "--json").json["rows"]
        members = sorted(row["customer_id"] for row in rows)
        expected = [one for (one,) in by_hand.execute(f"SELECT customer_id FROM customers c WHERE {condition} ORDER BY 1").fetchall()]
        if name not in ("Nobody", "Everybody"):
            assert 0 < len(expected) < 60, f"{name} proves nothing: {len(expected)}"
        if members != expected:
            wrong[name] = (members, expected)
    assert not wrong
    assert world.rollcall("count", "Gold", "--json").json["members"] == len(by_hand.execute(f"SELECT 1 FROM customers c WHERE {SEGMENTS['Gold'][1]}").fetchall())
