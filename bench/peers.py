"""What other programs take for the same work. Each part alone: none of them does the whole.

Deliveries: the people of the first run, made ready beforehand, a thousand a call and two calls at a time. Differences: the
tables before and after the churn, made ready beforehand, each in the form its program likes best."""

import json
import os
import shutil
import subprocess
import time

from data import SHAPES, everyone, make_fields
from machine import HERE, ROOT, Simulator, measured
from postgres import Server

DELIVERIES = ("Iterable's client", "Segment's destination")
DIFFERENCES = ("sqldiff", "sort and comm", "PostgreSQL")
SCRIPTS = {"Iterable's client": "iterable_client.mjs", "Segment's destination": "segment_destination.mjs"}


# --- Deliveries.

def deliver(shape, contacts, expected):
    people = HERE / "people.ndjson"
    with people.open("w") as out:
        for some in everyone(shape):
            out.write(json.dumps(some) + "\n")
    first = next(everyone(shape))
    figures = {}
    for name in DELIVERIES:
        with Simulator(contacts) as simulator:
            list_id = json.loads(simulator.ask("POST", "/api/lists", json.dumps({"name": "Everyone"})))["listId"]
            make_fields(first, len(SHAPES[shape][1]), lambda body: simulator.ask("POST", "/api/users/bulkUpdate", body))
            time.sleep(1)  # a new list takes nobody for a moment
            before = simulator.cpu()
            _, _, peak, output = measured(["node", ROOT / "bench/peers" / SCRIPTS[name], simulator.address, list_id, people],
                                          env=os.environ | {"NODE_PATH": os.environ["BENCH_PEERS"] + "/node_modules"})
            figures[name] = json.loads(output) | {"peak_mb": peak, "simulator_cpu": simulator.cpu() - before}
            simulator.must_hold("Everyone", expected.entered)
    return figures


# --- Differences.

def _columns(shape):
    return ["user_id", *(field for field, *_ in SHAPES[shape][1])]


def _copy(shape, name):
    """The table as it is now, as CSV and in SQLite."""
    import duckdb

    with duckdb.connect(str(HERE / "shop.duckdb"), read_only=True) as shop:
        query = f"SELECT {', '.join(_columns(shape))} FROM customers WHERE subscribed"
        shop.execute(f"COPY ({query}) TO '{HERE / (name + '.csv')}' (HEADER false)")
    database = HERE / (name + ".sqlite")
    database.unlink(missing_ok=True)
    create = f"CREATE TABLE customers({', '.join(_columns(shape))}, PRIMARY KEY(user_id)) WITHOUT ROWID;"
    subprocess.run(["sqlite3", database], check=True, text=True,
                   input=f"PRAGMA journal_mode=OFF;\n{create}\n.mode csv\n.import '{HERE / (name + '.csv')}' customers\n", stdout=subprocess.DEVNULL)


def keep_before(shape):
    _copy(shape, "before")


def difference(shape, expected):
    _copy(shape, "after")
    before, after = (HERE / name for name in ("before", "after"))
    out = {}

    # Their memory is less than what the one who starts them has, which is what the kernel would tell.
    seconds, cpu, _, output = measured(["sqldiff", "--primarykey", "--summary", f"{before}.sqlite", f"{after}.sqlite"])
    assert f"{expected.changed} changes, {expected.added} inserts, {expected.left} deletes" in output, output
    out["sqldiff"] = {"seconds": seconds, "cpu": cpu}

    both = f"sort -S 256M '{before}.csv' >'{before}.sorted' & sort -S 256M '{after}.csv' >'{after}.sorted' & wait; comm -3 '{before}.sorted' '{after}.sorted' | wc -l"
    seconds, cpu, _, output = measured(["bash", "-c", both], env=os.environ | {"LC_ALL": "C"})
    assert int(output) == expected.added + expected.left + 2 * expected.changed, output
    out["sort and comm"] = {"seconds": seconds, "cpu": cpu}

    out["PostgreSQL"] = {"seconds": _in_postgres(shape, expected)}
    return out


def _in_postgres(shape, expected):
    """One statement, over tables that are analysed and in its memory as far as they fit."""
    columns = _columns(shape)
    differs = " OR ".join(f"b.{one} IS DISTINCT FROM a.{one}" for one in columns[1:])
    server = Server()
    try:
        server.create()
        for name in ("before", "after"):
            shutil.copy(HERE / (name + ".csv"), server.folder / (name + ".csv"))
            server.sql(f"CREATE TABLE {name}({', '.join(one + ' text' for one in columns)});"
                       f"COPY {name} FROM '{server.folder}/{name}.csv' (FORMAT csv); ALTER TABLE {name} ADD PRIMARY KEY (user_id); ANALYZE {name};")
        query = ("SELECT count(*) FILTER (WHERE b.user_id IS NULL) || ' ' || count(*) FILTER (WHERE a.user_id IS NULL) || ' ' || "
                 f"count(*) FILTER (WHERE b.user_id IS NOT NULL AND a.user_id IS NOT NULL AND ({differs})) "
                 "FROM before b FULL JOIN after a USING (user_id)")
        started = time.monotonic()
        counts = server.sql(query).strip()
        seconds = time.monotonic() - started
        assert counts == f"{expected.added} {expected.left} {expected.changed}", counts
        return seconds
    finally:
        server.remove()
